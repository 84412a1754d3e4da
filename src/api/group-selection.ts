/** Reads from a selection what is asked of groups: what is selected under `key` groups them, the rest measures them. */
import {
  type FieldNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  type SelectionSetNode,
} from 'graphql';
import type { Noun, Relation } from '../catalog/catalog.ts';
import type { GroupKey, GroupQuestion, Measure } from '../query/groups/question.ts';
import type { TimeUnit } from '../query/time-units.ts';

/** What of a request is needed to read its selections. */
export type SelectionGround = Pick<GraphQLResolveInfo, 'fragments' | 'variableValues'>;
export type GroupsArgs = Pick<GroupQuestion, 'having' | 'orderBy' | 'limit' | 'skip'>;

/** @param groups the type of `groups`, `fields` its fields of one response name */
export function readGroupQuestion(
  ground: SelectionGround,
  noun: Noun,
  groups: GraphQLObjectType,
  fields: readonly FieldNode[],
  { having, orderBy, limit, skip }: Partial<GroupsArgs>,
): GroupQuestion {
  const keys = new Map<string, GroupKey>();
  const measures = new Map<string, Measure>();
  for (const nodes of selected(ground, groups, fields).values()) {
    if (nodes[0]!.name.value !== 'nodes') continue;
    const group = typeOf(groups, 'nodes');
    for (const [response, found] of selected(ground, group, nodes)) {
      const name = found[0]!.name.value;
      if (name === 'key') readKeys(ground, noun, typeOf(group, 'key'), found, [], [response], keys);
      else if (name !== '__typename') measures.set(response, measureOf(ground, group, response, found[0]!));
    }
  }
  return {
    keys: [...keys.values()],
    measures: [...measures.values()],
    having: having ?? [],
    orderBy: orderBy ?? [],
    limit: limit ?? 100,
    skip: skip ?? 0,
  };
}

function readKeys(
  ground: SelectionGround,
  noun: Noun,
  type: GraphQLObjectType,
  fields: readonly FieldNode[],
  path: readonly Relation[],
  names: readonly string[],
  keys: Map<string, GroupKey>,
): void {
  for (const [response, found] of selected(ground, type, fields)) {
    const field = found[0]!.name.value;
    if (field === '__typename') continue;
    const relation = noun.relations.get(field);
    const name = [...names, response];
    if (relation) {
      readKeys(ground, relation.to, typeOf(type, field), found, [...path, relation], name, keys);
      continue;
    }
    const { per } = getArgumentValues(type.getFields()[field]!, found[0]!, ground.variableValues);
    keys.set(name.join('.'), { name: name.join('.'), path, field, per: (per as TimeUnit | undefined) ?? 'DAY' });
  }
}

function measureOf(ground: SelectionGround, group: GraphQLObjectType, name: string, node: FieldNode): Measure {
  const take = node.name.value;
  const args = getArgumentValues(group.getFields()[take]!, node, ground.variableValues);
  const byField = take === 'countDistinct' || take === 'earliest' || take === 'latest';
  return { name, take, ...(byField ? { field: args.of } : args) } as Measure;
}

const typeOf = (type: GraphQLObjectType, field: string) =>
  getNamedType(type.getFields()[field]!.type) as GraphQLObjectType;

/** The fields under these, by response name; fragments unfolded, what is skipped left out. */
export function selected(
  { fragments, variableValues }: SelectionGround,
  type: GraphQLObjectType,
  parents: readonly FieldNode[],
) {
  const fields = new Map<string, FieldNode[]>();
  const collect = (set: SelectionSetNode | undefined): void => {
    for (const node of set?.selections ?? []) {
      if (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if === true) continue;
      if (getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if === false) continue;
      if (node.kind === 'Field') {
        const response = node.alias?.value ?? node.name.value;
        fields.set(response, [...(fields.get(response) ?? []), node]);
      } else {
        const fragment = node.kind === 'FragmentSpread' ? fragments[node.name.value]! : node;
        const on = fragment.typeCondition?.name.value ?? type.name;
        if (on === type.name) collect(fragment.selectionSet);
      }
    }
  };
  for (const parent of parents) collect(parent.selectionSet);
  return fields;
}
