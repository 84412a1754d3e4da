/** How derived fields are read. Plain functions, attached to the schema once it is built. */
import type { Noun, Relation, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { cursorOf } from '../query/paging.ts';
import type { ListArgs, RecordPage } from '../query/reader.ts';
import type { RecordRow } from '../query/record-row.ts';
import type { Context } from './context.ts';

/** A list that has been asked for, but not yet read: nodes, edges and page info share one read, the count has its own. */
export interface List {
  readonly args: ListArgs;
  readonly relation: Relation | null;
  /** Id of the row that the list hangs on; '' for a list of all. */
  readonly parent: string;
  readonly page: () => Promise<RecordPage>;
  readonly count: () => Promise<number>;
}
type None = Readonly<Record<string, never>>;

export const globalId = (noun: Noun, id: string): string => `${noun.name}:${id}`;
export const id = (row: RecordRow) => globalId(row.$noun, row.$id);
export const source = (row: RecordRow) => row.$source;

export const one = (noun: StoredNoun, relation: Relation) => (row: RecordRow, _: None, context: Context) => {
  context.reader.demand(noun);
  const target = row.$links[relation.link.role];
  return target ? context.one(noun, target, row.$asOf) : null;
};

export const live = (relation: Relation) => (row: RecordRow, _: None, context: Context) =>
  context.live(relation.to, row);

export const connection =
  (noun: StoredNoun, relation: Relation | null) =>
  (row: RecordRow | undefined, given: ListArgs, context: Context): List => {
    context.reader.demand(noun);
    // What hangs on a row is read as of the same moment as the row.
    const args = relation ? { ...given, asOf: row!.$asOf } : given;
    let page: Promise<RecordPage> | null = null;
    const parent = relation ? row!.$id : '';
    return {
      args,
      relation,
      parent,
      page: () => {
        page ??= context.page(noun, args, relation, parent);
        return page;
      },
      count: () => context.count(noun, args, relation, parent),
    };
  };

export const nodes = async (list: List) => (await list.page()).rows;
export const edgeNode = (row: RecordRow) => row;
export const edgeCursor = (row: RecordRow) => cursorOf(row.$id);
export const totalCount = (list: List) => list.count();
export const pageInfo = async (list: List) => {
  const { rows, hasNextPage, hasPreviousPage } = await list.page();
  const cursor = (row: RecordRow | undefined) => (row ? cursorOf(row.$id) : null);
  return { hasNextPage, hasPreviousPage, startCursor: cursor(rows[0]), endCursor: cursor(rows.at(-1)) };
};

export const byKey = (noun: StoredNoun) => (_: unknown, args: Readonly<Record<string, unknown>>, context: Context) => {
  context.reader.demand(noun);
  const given = noun.kind.key.filter(name => args[name] !== null && args[name] !== undefined);
  if (!context.policy.mayFind(noun)) {
    throw new HubError('FILTER_FORBIDDEN', `${noun.name}.${given[0]} is masked for you: nothing can be found by it`);
  }
  return context.reader.byKey(
    noun,
    given.map(name => args[name]),
    (args.asOf as string | undefined) ?? null,
  );
};
