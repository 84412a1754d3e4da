/** How groups and what they show are resolved: every value of a group is known by the path under which it was asked for. */
import type { GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import { getNamedType } from 'graphql';
import type { StoredNoun } from '../catalog/catalog.ts';
import type { GroupPage } from '../query/groups/question.ts';
import type { Context } from './context.ts';
import { type GroupsArgs, readGroupQuestion } from './group-selection.ts';
import type { List } from './record-resolvers.ts';

type Group = GroupPage['groups'][number];
/** The key of a group, or a part of it. */
interface KeyPart {
  readonly group: Group;
  readonly path: string;
}
type None = Readonly<Record<string, never>>;

export const groups =
  (noun: StoredNoun) =>
  ({ args, relation, parent }: List, given: GroupsArgs, context: Context, info: GraphQLResolveInfo) => {
    const type = getNamedType(info.returnType) as GraphQLObjectType;
    const question = readGroupQuestion(info, noun, type, info.fieldNodes, given);
    return context.groups(noun, args, relation, parent, question);
  };

export const groupNodes = ({ groups: found }: GroupPage) => found;
export const measure = (group: Group, _: unknown, __: Context, info: GraphQLResolveInfo) =>
  group[info.path.key] ?? null;
export const key = (group: Group, _: None, __: Context, info: GraphQLResolveInfo): KeyPart => ({
  group,
  path: String(info.path.key),
});
export const keyPart = ({ group, path }: KeyPart, _: unknown, __: Context, info: GraphQLResolveInfo): KeyPart => ({
  group,
  path: `${path}.${info.path.key}`,
});
export const keyValue = ({ group, path }: KeyPart, _: unknown, __: Context, info: GraphQLResolveInfo) =>
  group[`${path}.${info.path.key}`] ?? null;
