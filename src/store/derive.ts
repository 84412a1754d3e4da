/** What follows from a page: persons and organisations that are now known, their names, and the state of cases. */
import { birthDateOf, sexOf } from '../../adapters/kit/identifiers/resident-id.ts';
import type { Link, StoredNoun } from '../catalog/catalog.ts';
import { precedence } from '../catalog/nouns/derived.ts';
import {
  type ApprovalPart,
  type CaseParts,
  type ClosingPart,
  deriveCase,
  type ReportPart,
} from '../domain/case-state.ts';
import { type ChangeRow, type Work, writeRows } from './apply.ts';
import { joinKey } from './identity.ts';
import { REMOVED } from './record-sql.ts';
import { digestOf, fieldColumns, type Row } from './rows.ts';

/** The derived nouns that a page mentions or touches. */
export class Affected {
  /** Key by id, by noun: everything mentioned, so that it exists. */
  readonly mentioned = new Map<StoredNoun, Map<string, string>>();
  /** Ids by noun: what has to be derived again. */
  readonly touched = new Map<StoredNoun, Set<string>>();

  mention(noun: StoredNoun, row: Row, values: Readonly<Record<string, unknown>>): void {
    for (const link of noun.links) {
      const target = derivedTarget(link);
      const id = row[link.column];
      if (!target || typeof id !== 'string') continue;
      const known = this.mentioned.get(target) ?? new Map<string, string>();
      this.mentioned.set(target, known);
      if (!known.has(id)) known.set(id, joinKey(link.from.map(field => values[field]))!);
    }
  }

  /** Reads the rows that `upsertSql` returns: id, deleted, whether it changed, each link's target before and after, what it replaced. */
  touch(noun: StoredNoun, rows: readonly unknown[][]): Touched[] {
    noun.links.forEach((link, i) => {
      const target = derivedTarget(link);
      if (!target || !(link.states.length || target.name === 'Case')) return;
      const touched = this.touched.get(target) ?? new Set<string>();
      this.touched.set(target, touched);
      for (const row of rows) {
        for (const id of [row[3 + 2 * i], row[4 + 2 * i]]) if (typeof id === 'string') touched.add(id);
      }
    });
    return rows.filter(row => row[2]).map(row => touchedBy(noun, row));
  }
}

/** A row that changed, and what it moved away from. */
type Touched = Omit<ChangeRow, 'kind' | 'caseNo'>;

function touchedBy(noun: StoredNoun, row: readonly unknown[]): Touched {
  const [id, deleted] = row as [string, boolean];
  const target = (role: string, side: 3 | 4): string | null => {
    const index = noun.links.findIndex(link => link.role === role);
    return index < 0 ? null : ((row[side + 2 * index] as string | null) ?? null);
  };
  const [ledBefore, ledNow] = [target('leadAgency', 3), target('leadAgency', 4)];
  return {
    id,
    deleted,
    caseId: noun.name === 'Case' ? id : target('case', 4),
    wasCaseId: target('case', 3),
    replacedAt: (row.at(-1) as string | null) ?? null,
    reassigned: ledBefore !== null && ledNow !== null && ledBefore !== ledNow,
  };
}

const derivedTarget = ({ target }: Link) => (target.origin === 'derived' ? (target as StoredNoun) : null);

export async function deriveNouns(work: Work): Promise<ChangeRow[]> {
  const cases = work.catalog.stored('Case');
  await mentionNouns(work);
  // A case's own links can make a person known, so cases come first.
  const changes = await deriveCases(work, cases, [...(work.affected.touched.get(cases) ?? [])].sort());
  // In one order for all, so that two agencies do not lock each other out.
  for (const [noun, ids] of [...work.affected.touched].sort(([a], [b]) => (a.name < b.name ? -1 : 1))) {
    if (noun !== cases && precedence[noun.name]) await chooseFacts(work, noun, [...ids].sort());
  }
  return changes;
}

/** Makes nouns exist that somebody mentions, in the order of their ids, so that two agencies do not lock each other out. */
async function mentionNouns({ client, affected, at }: Work): Promise<void> {
  const sorted = [...affected.mentioned].sort(([a], [b]) => (a.name < b.name ? -1 : 1));
  for (const [noun, keys] of sorted) {
    const rows = [...keys].sort().map(([id, key]) => ({ id, ...bornWith(noun, key) }));
    const columns = Object.keys(rows[0]!);
    const types = columns.map(
      c => `"${c}" ${c === 'id' ? 'uuid' : c === 'birth_date' ? 'date' : c === 'deleted' ? 'boolean' : 'text'}`,
    );
    await client.query(
      `insert into ${noun.table} (${columns.join(', ')}, digest, observed_at)
       select r.*, '${REMOVED}', $2::timestamptz from json_to_recordset($1::json) as r(${types.join(', ')}) on conflict do nothing`,
      [JSON.stringify(rows), at],
    );
  }
}

/** What a noun's key alone tells. A case is nothing until a part of it stands. */
function bornWith(noun: StoredNoun, key: string): Record<string, unknown> {
  if (noun.name === 'Person')
    return { resident_id: key, birth_date: birthDateOf(key), sex: sexOf(key), deleted: false };
  if (noun.name === 'Case') return { case_no: key, deleted: true };
  return { [noun.columns.get(noun.kind.key[0]!)!.column]: key, deleted: false };
}

/** Chooses a noun's own facts from all that is claimed of it, by the precedence of agencies; set-wise, and only writing differences. */
async function chooseFacts({ client, at }: Work, noun: StoredNoun, ids: readonly string[]): Promise<void> {
  if (!ids.length) return;
  // Two agencies may state facts of one person at once: the second waits here, and then sees what the first one stated.
  await client.query({
    name: `lock ${noun.table}`,
    text: `select from ${noun.table} where id = any($1::uuid[]) order by id for update`,
    values: [ids],
  });
  const facts = Object.entries(precedence[noun.name]!).map(([fact, agencies]) => ({
    fact,
    column: noun.columns.get(fact)!.column,
    rank: `when '${fact}' then array_position(array[${agencies.map(a => `'${a}'`)}], agency)`,
  }));
  const columns = facts.map(f => `"${f.column}"`).join(', ');
  await client.query({
    name: `choose ${noun.table}`,
    text: `
with choice as materialized (
  select distinct on (about_id, fact) about_id, fact, value from ${noun.table}_claim
  where about_id = any($1::uuid[]) and fact in (${facts.map(f => `'${f.fact}'`)})
  order by about_id, fact, case fact ${facts.map(f => f.rank).join(' ')} end nulls last, as_of desc nulls last, value collate "C"
), best as (
  select n.id, ${facts.map(f => `max(value) filter (where fact = '${f.fact}') as "${f.column}"`).join(', ')}
  from unnest($1::uuid[]) n(id) left join choice on choice.about_id = n.id group by n.id
), changed as materialized (
  select t.*, ${facts.map(f => `best."${f.column}" as "new_${f.column}"`).join(', ')} from ${noun.table} t join best on best.id = t.id
  where (${facts.map(f => `t."${f.column}"`).join(', ')}) is distinct from (${facts.map(f => `best."${f.column}"`).join(', ')}) for update of t
), filed as (
  insert into ${noun.table}_history (${historyColumns(noun)}, seen_until)
  select ${historyColumns(noun)}, $2::timestamptz from changed where observed_at < $2::timestamptz on conflict do nothing
)
update ${noun.table} t set (${columns}, observed_at) = (${facts.map(f => `changed."new_${f.column}"`).join(', ')}, $2::timestamptz)
from changed where t.id = changed.id`,
    values: [ids, at],
  });
}
const historyColumns = (noun: StoredNoun) =>
  ['id', 'deleted', 'digest', 'observed_at', ...[...noun.columns.values()].map(c => c.column)]
    .map(c => `"${c}"`)
    .join(', ');

const partKinds = { reports: 'CaseReport', approvals: 'Approval', closings: 'CaseClosing' } as const;

async function deriveCases(work: Work, noun: StoredNoun, ids: readonly string[]): Promise<ChangeRow[]> {
  if (!ids.length) return [];
  // Two agencies may report parts of one case at once: the second waits here and then sees the first one's parts.
  const { rows: cases } = await work.client.query(
    `select id, case_no as "caseNo" from ${noun.table} where id = any($1::uuid[]) order by id for update`,
    [ids],
  );
  const [reports, approvals, closings] = [
    await partsOf<ReportPart>(work, partKinds.reports, ids),
    await partsOf<ApprovalPart>(work, partKinds.approvals, ids),
    await partsOf<ClosingPart>(work, partKinds.closings, ids),
  ];
  const rows = cases.map(({ id, caseNo }: { id: string; caseNo: string }) => {
    const parts = {
      reports: reports.get(id) ?? [],
      approvals: approvals.get(id) ?? [],
      closings: closings.get(id) ?? [],
    };
    return caseRow(work, noun, id, caseNo, parts);
  });
  const changed = await writeRows(work, noun, rows);
  const numbers = new Map(cases.map(({ id, caseNo }: { id: string; caseNo: string }) => [id, caseNo]));
  return changed.map(row => ({ ...row, kind: noun.name, caseNo: numbers.get(row.id) ?? null }));
}

function caseRow(work: Work, noun: StoredNoun, id: string, caseNo: string, parts: CaseParts): Row {
  const head = { id, version: '', case_no: caseNo };
  if (!parts.reports.length && !parts.approvals.length && !parts.closings.length) {
    return { ...head, deleted: true, digest: REMOVED };
  }
  const { lead, ...derived } = deriveCase(parts);
  const leadAgencyCode = lead?.agency ?? [...parts.approvals, ...parts.closings].map(p => p.agency).sort()[0];
  const values: Record<string, unknown> = { ...lead, ...derived, caseNo, leadAgencyCode };
  const own = Object.fromEntries([...noun.columns.keys()].map(name => [name, values[name] ?? null]));
  return { ...head, ...fieldColumns(noun, own, work.identity), deleted: false, digest: digestOf(own) };
}

/** Parts of cases as they stand in the tables, by case. */
async function partsOf<P>({ client, catalog }: Work, kind: string, ids: readonly string[]): Promise<Map<string, P[]>> {
  const noun = catalog.stored(kind);
  const fields = [...noun.columns.values()].map(
    ({ name, column, field }) =>
      `${field.scalar === 'instant' ? `to_char("${column}", 'YYYY-MM-DD"T"HH24:MI:SS"Z"')` : field.scalar === 'date' ? `"${column}"::text` : `"${column}"`} as "${name}"`,
  );
  const { rows } = await client.query({
    name: `parts ${noun.table}`,
    text: `select about_case, agency, source_id as "sourceId", ${fields.join(', ')} from ${noun.table}
           where about_case = any($1::uuid[]) and not deleted`,
    values: [ids],
  });
  return Map.groupBy(rows as (P & { about_case: string })[], row => row.about_case);
}
