/** Set-wise reads of stored nouns for one reader: every method answers for many parents with one statement. */
import type { Policy } from '../access/policy.ts';
import type { Catalog, Relation, StoredNoun } from '../catalog/catalog.ts';
import type { ReadRows } from '../store/database.ts';
import { demandSeen, listTermsSql, testedSql, type Where } from './filters.ts';
import { foreignCursor, idOfCursor, type PageArgs, pagingSql } from './paging.ts';
import { isoInstant, type RecordRow, readRow, type SawPersons, selectList } from './record-row.ts';
import { perParent, type Scope, tableSql, Values, visibleSql } from './scope.ts';

export interface ListArgs extends PageArgs {
  readonly where?: Where | null;
  /** Read as the hub knew it at this moment. */
  readonly asOf?: string | null;
}
export interface RecordPage {
  readonly rows: readonly RecordRow[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}
/** One value that an agency states of a noun. */
export interface ClaimRow {
  readonly fact: string;
  readonly value: string;
  readonly agency: string;
  readonly kind: string;
  readonly recordId: string;
  readonly observedAt: string;
  readonly asOf: string | null;
}
/** The root of a list: one parent that is called ''. */
const ROOT = [''];

export class Reader {
  constructor(
    readonly catalog: Catalog,
    readonly policy: Policy,
    private readonly read: ReadRows,
    private readonly saw: SawPersons = () => {},
  ) {}

  /** Readers who may not see a noun at all get an error rather than an empty answer. */
  demand(noun: StoredNoun): void {
    demandSeen(this.policy, noun);
  }

  private scope(asOf: string | null | undefined): Scope {
    return { catalog: this.catalog, policy: this.policy, values: new Values(), asOf: asOf ?? null };
  }

  async byIds(noun: StoredNoun, ids: readonly string[], asOf: string | null = null): Promise<(RecordRow | null)[]> {
    if (!this.policy.sees(noun)) return ids.map(() => null);
    const scope = this.scope(asOf);
    const rows = await this.select(scope, noun, `t.id = any(${scope.values.add(ids)}::uuid[])`);
    const byId = new Map(rows.map(row => [row.$id, row]));
    return ids.map(id => byId.get(id) ?? null);
  }

  /** The row with this key, in any spelling of it; the newest, should sources have given the key twice. */
  async byKey(noun: StoredNoun, key: readonly unknown[], asOf: string | null = null): Promise<RecordRow | null> {
    const scope = this.scope(asOf);
    const tests = noun.kind.key.slice(0, key.length).map((name, i) => {
      const column = noun.columns.get(name)!;
      const { format } = column.field;
      const value = format ? format.normalise(String(key[i])) : key[i];
      const sql = this.policy.findsPersons ? `t."${column.column}"` : testedSql(this.policy, noun, column);
      return `${sql} = ${scope.values.add(value)}`;
    });
    const latest = noun.kind.key.slice(key.length).map(name => `t."${noun.columns.get(name)!.column}" desc, `);
    const order = `order by ${latest.join('')}t.observed_at desc, t.id limit 1`;
    const [row] = await this.select(scope, noun, tests.join(' and '), order);
    return row ?? null;
  }

  private async select(scope: Scope, noun: StoredNoun, test: string, order = ''): Promise<RecordRow[]> {
    const text = `select ${selectList(scope, noun)} from ${tableSql(noun, scope.asOf, scope.values)} t
      where ${test} and ${visibleSql(scope, noun)} ${order}`;
    const rows = await this.read(text, scope.values.list);
    return rows.map(row => readRow(noun, this.policy, row, this.saw, scope.asOf));
  }

  /** A page under each parent, or (without relation) one page of all. */
  async pages(
    noun: StoredNoun,
    args: ListArgs,
    relation: Relation | null,
    parents: readonly string[] = ROOT,
  ): Promise<RecordPage[]> {
    const scope = this.scope(args.asOf);
    if (relation) scope.values.add(parents);
    const from = listSql(scope, noun, args, relation);
    const paging = pagingSql(scope, noun, args);
    const inner = `select ${selectList(scope, noun)} ${from} and ${paging.condition}
      order by ${paging.orderBy} limit ${paging.size + 1}`;
    const rows = await this.read(perParent(inner, relation), scope.values.list);
    if (!rows.length) await this.demandCursors(noun, args);
    const byParent = Map.groupBy(rows, row => (relation ? row.at(-1)! : ''));
    return parents.map(parent => {
      const found = byParent.get(parent) ?? [];
      const shown = found.slice(0, paging.size).map(row => readRow(noun, this.policy, row, this.saw, scope.asOf));
      const more = found.length > paging.size;
      return {
        rows: paging.backward ? shown.reverse() : shown,
        hasNextPage: paging.backward ? Boolean(args.before) : more,
        hasPreviousPage: paging.backward ? more : Boolean(args.after),
      };
    });
  }

  /** The row of a cursor never goes away, so one that leads nowhere was not made for this list. */
  private async demandCursors(noun: StoredNoun, { after, before }: ListArgs): Promise<void> {
    const ids = [after, before].flatMap(cursor => (cursor ? [idOfCursor(cursor)] : []));
    if (!ids.length) return;
    const [[found]] = (await this.read(`select count(*) from ${noun.table} where id = any($1::uuid[])`, [ids])) as [
      [string],
    ];
    if (Number(found) < new Set(ids).size) throw foreignCursor();
  }

  async counts(
    noun: StoredNoun,
    args: ListArgs,
    relation: Relation | null,
    parents: readonly string[] = ROOT,
  ): Promise<number[]> {
    const scope = this.scope(args.asOf);
    if (relation) scope.values.add(parents);
    const inner = `select count(*) as n ${listSql(scope, noun, args, relation)}`;
    const rows = await this.read(perParent(inner, relation), scope.values.list);
    const counts = new Map(rows.map(([n, parent]) => [relation ? parent! : '', Number(n)]));
    return parents.map(parent => counts.get(parent) ?? 0);
  }

  /** All that agencies state of these persons or organisations. Whether the reader may see a claim is up to its record. */
  async claims(noun: StoredNoun, ids: readonly string[]): Promise<ClaimRow[][]> {
    const rows = await this.read(
      `select about_id, fact, value, agency, kind, record_id, observed_at, as_of from ${noun.table}_claim
       where about_id = any($1::uuid[]) order by fact, agency, kind, record_id`,
      [ids],
    );
    const byNoun = Map.groupBy(rows, row => row[0]!);
    return ids.map(id =>
      (byNoun.get(id) ?? []).map(([, fact, value, agency, kind, recordId, observedAt, asOf]) => ({
        fact: fact!,
        value: value!,
        agency: agency!,
        kind: kind!,
        recordId: recordId!,
        observedAt: isoInstant(observedAt!),
        asOf: asOf ? isoInstant(asOf) : null,
      })),
    );
  }

  /** Rows whose searched fields contain the text, or whose key it is in some spelling. Never by a field the reader sees masked. */
  async search(noun: StoredNoun, text: string, limit: number): Promise<RecordRow[]> {
    if (!this.policy.sees(noun)) return [];
    const scope = this.scope(null);
    const { values } = scope;
    const tests: string[] = [];
    for (const known of noun.columns.values()) {
      const { name, column, field } = known;
      if (!this.policy.mayFilter(noun, name)) continue;
      if (field.format && noun.kind.key.includes(name)) {
        const value = field.format.normalise(text);
        if (!field.format.faults(value).length)
          tests.push(`${testedSql(this.policy, noun, known)} = ${values.add(value)}`);
      } else if (field.searched) {
        tests.push(
          `t."${column}" ilike '%' || replace(replace(replace(${values.add(text)}::text, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%'`,
        );
      }
    }
    if (!tests.length) return [];
    return this.select(scope, noun, `(${tests.join(' or ')})`, `order by t.id limit ${limit}`);
  }
}

function listSql(scope: Scope, noun: StoredNoun, { where }: ListArgs, relation: Relation | null): string {
  return `from ${tableSql(noun, scope.asOf, scope.values)} t where ${listTermsSql(scope, noun, where, relation)}`;
}
