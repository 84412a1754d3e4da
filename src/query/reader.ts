/** Set-wise reads of stored nouns for one reader: every method answers for many parents with one statement. */
import type { Policy } from '../access/policy.ts';
import { rowsSql } from '../access/rows.ts';
import type { Catalog, Relation, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import type { ReadRows } from '../store/database.ts';
import { testedSql, Values, visibleSql, type Where, whereSql } from './filters.ts';
import { foreignCursor, idOfCursor, type PageArgs, pagingSql } from './paging.ts';
import { isoInstant, type RecordRow, readRow, type SawPersons, selectList } from './record-row.ts';

export interface ListArgs extends PageArgs {
  readonly where?: Where | null;
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
    if (!this.policy.sees(noun)) {
      throw new HubError(
        'FORBIDDEN',
        `${noun.kind.plural} are not for everybody: they need a token whose role may see them`,
      );
    }
  }

  async byIds(noun: StoredNoun, ids: readonly string[]): Promise<(RecordRow | null)[]> {
    if (!this.policy.sees(noun)) return ids.map(() => null);
    const values = new Values();
    const text = `select ${selectList(noun, this.policy, this.catalog, values)} from ${noun.table} t where t.id = any(${values.add(ids)}::uuid[]) and ${visibleSql(noun, this.policy, this.catalog, values)}`;
    const rows = new Map((await this.read(text, values.list)).map(row => [row[0], row]));
    return ids.map(id => (rows.has(id) ? readRow(noun, this.policy, rows.get(id)!, this.saw) : null));
  }

  /** The row with this key, in any spelling of it; the newest, should sources have given the key twice. */
  async byKey(noun: StoredNoun, key: readonly unknown[]): Promise<RecordRow | null> {
    const values = new Values();
    const tests = noun.kind.key.slice(0, key.length).map((name, i) => {
      const column = noun.columns.get(name)!;
      const { format } = column.field;
      const value = format ? format.normalise(String(key[i])) : key[i];
      const sql = this.policy.findsPersons ? `t."${column.column}"` : testedSql(noun, this.policy, column);
      return `${sql} = ${values.add(value)}`;
    });
    const latest = noun.kind.key.slice(key.length).map(name => `t."${noun.columns.get(name)!.column}" desc, `);
    const text = `select ${selectList(noun, this.policy, this.catalog, values)} from ${noun.table} t where ${tests.join(' and ')} and ${visibleSql(noun, this.policy, this.catalog, values)}
      order by ${latest.join('')}t.observed_at desc, t.id limit 1`;
    const [row] = await this.read(text, values.list);
    return row ? readRow(noun, this.policy, row, this.saw) : null;
  }

  /** A page under each parent, or (without relation) one page of all. */
  async pages(
    noun: StoredNoun,
    args: ListArgs,
    relation: Relation | null,
    parents: readonly string[] = ROOT,
  ): Promise<RecordPage[]> {
    if (this.policy.rows(noun) !== 'all') await this.demandCursors(noun, args);
    const values = new Values();
    if (relation) values.add(parents);
    const where = [...this.scope(noun, args, relation, values)];
    const paging = pagingSql(noun, this.policy, args, values);
    const inner = `select ${selectList(noun, this.policy, this.catalog, values)} from ${noun.table} t where ${[...where, paging.condition].join(' and ')}
      order by ${paging.orderBy} limit ${paging.size + 1}`;
    const rows = await this.read(perParent(inner, relation), values.list);
    if (!rows.length) await this.demandCursors(noun, args);
    const byParent = Map.groupBy(rows, row => (relation ? row.at(-1)! : ''));
    return parents.map(parent => {
      const found = byParent.get(parent) ?? [];
      const shown = found.slice(0, paging.size).map(row => readRow(noun, this.policy, row, this.saw));
      const more = found.length > paging.size;
      return {
        rows: paging.backward ? shown.reverse() : shown,
        hasNextPage: paging.backward ? Boolean(args.before) : more,
        hasPreviousPage: paging.backward ? more : Boolean(args.after),
      };
    });
  }

  /**
   * The row of a cursor never goes away, so one that leads nowhere was not made for this list. Nor for this reader, if he
   * never could see the row: its place among others is none of his business.
   */
  private async demandCursors(noun: StoredNoun, { after, before }: ListArgs): Promise<void> {
    const ids = [after, before].flatMap(cursor => (cursor ? [idOfCursor(cursor)] : []));
    if (!ids.length) return;
    const values = new Values();
    const wanted = `${values.add(ids)}::uuid[]`;
    const among = (table: string) =>
      `select t.id from ${table} t where t.id = any(${wanted}) and ${rowsSql(this.policy.rows(noun), 't', this.catalog, value => values.add(value))}`;
    const text = `select count(*) from (${among(noun.table)} union ${among(`${noun.table}_history`)}) c`;
    const [[found]] = (await this.read(text, values.list)) as [[string]];
    if (Number(found) < new Set(ids).size) throw foreignCursor();
  }

  async counts(
    noun: StoredNoun,
    args: ListArgs,
    relation: Relation | null,
    parents: readonly string[] = ROOT,
  ): Promise<number[]> {
    const values = new Values();
    if (relation) values.add(parents);
    const inner = `select count(*) as n from ${noun.table} t where ${[...this.scope(noun, args, relation, values)].join(' and ')}`;
    const rows = await this.read(perParent(inner, relation), values.list);
    const counts = new Map(rows.map(([n, parent]) => [relation ? parent! : '', Number(n)]));
    return parents.map(parent => counts.get(parent) ?? 0);
  }

  private *scope(noun: StoredNoun, { where }: ListArgs, relation: Relation | null, values: Values): Iterable<string> {
    if (relation) yield `t."${relation.link.column}" = p.id`;
    yield visibleSql(noun, this.policy, this.catalog, values);
    if (where) yield whereSql(noun, this.policy, where, values);
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
    const values = new Values();
    const tests: string[] = [];
    for (const known of noun.columns.values()) {
      const { name, column, field } = known;
      if (!this.policy.mayFilter(noun, name)) continue;
      if (field.format && noun.kind.key.includes(name)) {
        const value = field.format.normalise(text);
        if (!field.format.faults(value).length)
          tests.push(`${testedSql(noun, this.policy, known)} = ${values.add(value)}`);
      } else if (field.searched) {
        tests.push(
          `t."${column}" ilike '%' || replace(replace(replace(${values.add(text)}::text, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%'`,
        );
      }
    }
    if (!tests.length) return [];
    const sql = `select ${selectList(noun, this.policy, this.catalog, values)} from ${noun.table} t where (${tests.join(' or ')}) and ${visibleSql(noun, this.policy, this.catalog, values)}
      order by t.id limit ${limit}`;
    return (await this.read(sql, values.list)).map(row => readRow(noun, this.policy, row, this.saw));
  }
}

/** The last column names the parent; `$1` are the parents. */
const perParent = (inner: string, relation: Relation | null) =>
  relation ? `select x.*, p.id from unnest($1::uuid[]) p(id) cross join lateral (${inner}) x` : inner;
