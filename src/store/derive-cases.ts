/** Cases, derived from their parts. */
import type { StoredNoun } from '../catalog/catalog.ts';
import {
  type ApprovalPart,
  type CaseParts,
  type ClosingPart,
  deriveCase,
  type ReportPart,
} from '../domain/case-state.ts';
import { type Work, writeKnown } from './apply.ts';
import { caseCells, moveCaseCells } from './case-rollup.ts';
import { nothingBefore } from './changes.ts';
import { derivedRow, digestOf, givenColumns, type NounRow, namedCells, REMOVED, type ValidRecord } from './rows.ts';

const partKinds = { reports: 'CaseReport', approvals: 'Approval', closings: 'CaseClosing' } as const;

/** Case numbers by the ids of the cases. */
type Numbers = ReadonlyMap<string, string>;
/** Ids of cases that were inserted with parts, and of those that another transaction inserted meanwhile. */
interface InsertedCases {
  readonly ids: readonly string[];
  readonly others: readonly string[];
}

/** A new case has only the parts of this page; the parts of the other cases are read, once they are locked. */
export class DerivedCases {
  constructor(
    private readonly work: Work,
    private readonly noun: StoredNoun,
  ) {}

  lock(): Promise<Numbers> {
    return this.lockThese([...(this.work.affected.touched.get(this.noun) ?? [])]);
  }

  private async lockThese(ids: readonly string[]): Promise<Numbers> {
    if (!ids.length) return new Map();
    const { rows } = await this.work.client.query({
      name: `lock ${this.noun.table}`,
      text: `select id, case_no as "caseNo" from ${this.noun.table} where id = any($1::uuid[]) order by id for update`,
      values: [ids],
    });
    return new Map(rows.map(row => [row.id, row.caseNo]));
  }

  /** A case without parts counts as deleted: it is only mentioned, so it is no change and readers do not see it. */
  async insertMissing(known: Numbers): Promise<InsertedCases> {
    const { work, noun } = this;
    const numbers = work.mentioned.get(noun);
    const ids = [...(numbers?.keys() ?? [])].filter(id => !known.has(id)).sort();
    if (!numbers || !ids.length) return { ids: [], others: [] };
    const rows = ids.map(id => caseRow(work, noun, id, numbers.get(id)!, partsOfPage(work, id)));
    const columns = givenColumns(noun);
    const names = columns.map(c => `"${c.name}"`).join(', ');
    const { rows: made } = await work.client.query({
      name: `insert missing ${noun.table}`,
      text: `insert into ${noun.table} (${names}, observed_at) select ${names}, $2::timestamptz
             from json_to_recordset($1::json) as r(${columns.map(c => `"${c.name}" ${c.type}`).join(', ')})
             on conflict do nothing returning id`,
      values: [JSON.stringify(rows.map(row => namedCells(noun, row))), work.at],
    });
    const inserted = new Set(made.map(row => row.id));
    const own = rows.filter(({ id, deleted }) => inserted.has(id) && !deleted).map(({ id }) => id);
    for (const id of own) {
      const caseNo = numbers.get(id)!;
      work.changes.add({ kind: noun.name, id, deleted: false, caseNo, caseId: id, ...nothingBefore });
    }
    return { ids: own, others: ids.filter(id => !inserted.has(id)) };
  }

  async reconcile(locked: Numbers, inserted: InsertedCases): Promise<void> {
    const { work, noun } = this;
    const touched = work.affected.touched.get(noun);
    const late = await this.lockThese(inserted.others.filter(id => touched?.has(id)));
    const known = new Map([...locked, ...late]);
    const before = await caseCells(work.client, [...known.keys()]);
    await deriveAgain(work, noun, known);
    await moveCaseCells(work.client, before, [...known.keys(), ...inserted.ids]);
  }
}

function partsOfPage(work: Work, id: string): CaseParts {
  const of = <P>(kind: string) => {
    const noun = work.catalog.stored(kind);
    return (work.affected.parts.get(noun)?.get(id) ?? []).map(record => partOf(noun, work.agency, record) as P);
  };
  return {
    reports: of<ReportPart>(partKinds.reports),
    approvals: of<ApprovalPart>(partKinds.approvals),
    closings: of<ClosingPart>(partKinds.closings),
  };
}

/** A record as `partsOf` would read it from its table: times to the second, in UTC. */
function partOf(noun: StoredNoun, agency: string, { statement, values }: ValidRecord): Record<string, unknown> {
  const part: Record<string, unknown> = { ...values, agency, sourceId: statement.sourceId };
  for (const { name, field } of noun.columns.values()) {
    if (field.scalar === 'instant' && part[name]) part[name] = secondOf(String(part[name]));
  }
  return part;
}
const secondOf = (instant: string) =>
  wholeSecond.test(instant) ? instant : `${new Date(instant).toISOString().slice(0, 19)}Z`;
const wholeSecond = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

async function deriveAgain(work: Work, noun: StoredNoun, cases: ReadonlyMap<string, string>): Promise<void> {
  if (!cases.size) return;
  const ids = [...cases.keys()];
  const [reports, approvals, closings] = [
    await partsOf<ReportPart>(work, partKinds.reports, ids),
    await partsOf<ApprovalPart>(work, partKinds.approvals, ids),
    await partsOf<ClosingPart>(work, partKinds.closings, ids),
  ];
  const rows = [...cases].map(([id, caseNo]) => {
    const parts = {
      reports: reports.get(id) ?? [],
      approvals: approvals.get(id) ?? [],
      closings: closings.get(id) ?? [],
    };
    return caseRow(work, noun, id, caseNo, parts);
  });
  for (const change of work.affected.touch(noun, await writeKnown(work, noun, rows)))
    work.changes.add({ ...change, caseNo: cases.get(change.id) ?? null });
}

function caseRow(work: Work, noun: StoredNoun, id: string, caseNo: string, parts: CaseParts): NounRow {
  if (!parts.reports.length && !parts.approvals.length && !parts.closings.length) {
    return derivedRow(noun, { id, deleted: true, digest: REMOVED }, { caseNo }, work.identity);
  }
  const { lead, ...derived } = deriveCase(parts);
  const leadAgencyCode = lead?.agency ?? [...parts.approvals, ...parts.closings].map(p => p.agency).sort()[0];
  const values: Record<string, unknown> = { ...lead, ...derived, caseNo, leadAgencyCode };
  const own: Record<string, unknown> = {};
  for (const name of noun.columns.keys()) own[name] = values[name] ?? null;
  return derivedRow(noun, { id, deleted: false, digest: digestOf(JSON.stringify(own)) }, own, work.identity);
}

/** Stored parts of cases, by case. */
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
