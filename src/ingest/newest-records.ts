/** What the newest records of a kind look like: counted in tables that exist, so reading agencies costs nothing more. */
import { type Catalog, type Column, isStored, type Link, type StoredNoun } from '../catalog/catalog.ts';
import type { ReadRows } from '../store/database.ts';

/** An agency's newest records of a kind. Times are ISO 8601, in UTC. */
export interface NewestRecords {
  readonly noun: StoredNoun;
  /** Those that are not removed. */
  readonly count: number;
  /** When the hub learned of each, the newest first; removed ones too. */
  readonly learned: readonly string[];
  /** How many of them have a value, of the optional fields. */
  readonly filled: ReadonlyMap<Column, number>;
  /** How many of them refer to something of the town that it does not know. */
  readonly unknown: ReadonlyMap<Link, number>;
}

/** So many of a kind are looked at, of all agencies: one that speaks rarely among others is not judged by that kind. */
const scanned = 20_000;

const iso = (column: string) => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
const optionalColumns = ({ columns }: StoredNoun) => [...columns.values()].filter(({ field }) => field.optional);
const counts = (columns: readonly Column[]) => columns.map(({ column }) => `count("${column}")`).join(', ');

/** Links to what the town states, where it states anything of that kind. */
async function townLinks(read: ReadRows, { links }: StoredNoun): Promise<Link[]> {
  const found: Link[] = [];
  for (const link of links) {
    if (link.target.origin !== 'town' || !isStored(link.target)) continue;
    const [[some]] = (await read(`select exists (select from "${link.target.table}" where not deleted)`, [])) as [
      [string],
    ];
    if (some === 't') found.push(link);
  }
  return found;
}

export async function newestRecords(
  read: ReadRows,
  noun: StoredNoun,
  agency: string,
  most: number,
): Promise<NewestRecords> {
  const columns = optionalColumns(noun);
  const links = await townLinks(read, noun);
  const unknown = links.map(
    ({ column, target }) =>
      `count(*) filter (where "${column}" is not null and not exists
         (select from "${target.table}" t where t.id = n."${column}" and not t.deleted))`,
  );
  const newest = `(select * from (select * from "${noun.table}" order by observed_at desc limit ${scanned}) s
    where agency = $1 order by observed_at desc limit $2)`;
  const [[count, ...found]] = (await read(
    `select count(*) ${[counts(columns), ...unknown]
      .filter(Boolean)
      .map(sql => `, ${sql}`)
      .join('')}
     from ${newest} n where not n.deleted`,
    [agency, most],
  )) as [string[]];
  const learned = await read(`select ${iso('observed_at')} from ${newest} n order by observed_at desc`, [agency, most]);
  return {
    noun,
    count: Number(count),
    learned: learned.map(([at]) => at!),
    filled: new Map(columns.map((column, n) => [column, Number(found[n])])),
    unknown: new Map(links.map((link, n) => [link, Number(found[columns.length + n])])),
  };
}

/** The share of an agency's records that have a value in each of the columns, from a sample of the table's pages. */
export async function usuallyFilled(
  read: ReadRows,
  { table }: StoredNoun,
  agency: string,
  columns: readonly Column[],
): Promise<ReadonlyMap<Column, number>> {
  const [[rows]] = (await read('select reltuples from pg_class where oid = $1::regclass', [`"${table}"`])) as [
    [string],
  ];
  const percent = Math.min(100, (100 * scanned) / Math.max(1, Number(rows)));
  const [[count, ...filled]] = (await read(
    `select count(*), ${counts(columns)} from "${table}" tablesample system (${percent.toFixed(6)})
     where agency = $1 and not deleted`,
    [agency],
  )) as [string[]];
  return new Map(columns.map((column, n) => [column, Number(filled[n]) / Math.max(1, Number(count))]));
}

/** The agency's items that are parked since a time, when the first of them was, and what most of them suffer from. */
export async function parkedSince(read: ReadRows, agency: string, since: string) {
  const rows = await read(
    `select count(*), ${iso('min(parked_at)')}, coalesce(kind, ''), field, reason from hub_parked
     where agency = $1 and state = 'OPEN' and parked_at >= $2 group by kind, field, reason order by 1 desc`,
    [agency, since],
  );
  const first = rows.map(row => row[1]!).sort()[0] ?? null;
  const [, , kind, field, reason] = rows[0] ?? [];
  const most = [kind, [field, reason].filter(Boolean).join(' ')].filter(Boolean).join(': ');
  return { count: rows.reduce((sum, row) => sum + Number(row[0]), 0), first, most };
}

export const nounsOf = (catalog: Catalog, agency: string): StoredNoun[] =>
  catalog.all().filter(({ origin, agencies }) => origin !== 'town' && agencies.includes(agency));
