/**
 * W5 by the book: the same records, validated by the same declarations, written page by page into the same tables with
 * MikroORM's upsertMany; of a changed record its former row goes to the history. It does less than the hub: whatever came
 * last names a person, and a case is read from the parts of its own page.
 */
import type { EntityManager, EntitySchema } from '@mikro-orm/postgresql';
import { MikroORM } from '@mikro-orm/postgresql';
import { birthDateOf, sexOf } from '../../adapters/kit/identifiers/resident-id.ts';
import { makeCatalog, type StoredNoun } from '../../src/catalog/catalog.ts';
import { deriveCase } from '../../src/domain/case-state.ts';
import { Restater } from '../../src/ingest/restate.ts';
import { Identity } from '../../src/store/identity.ts';
import {
  derivedRow,
  digestOf,
  digestOfRecord,
  type NounRow,
  namedCells,
  rowOf,
  type ValidRecord,
} from '../../src/store/rows.ts';
import { entitiesOf } from '../../src/store/tables.ts';
import { silentAdapters } from '../support/silent-adapters.ts';
import { ingestAdapter, ingestLine, passes } from './ingest-records.ts';
import { type IngestOutcome, type IngestTask, outcomeOf, warmCount } from './ingest-task.ts';
import { benchIdentityKey } from './town-database.ts';

type TableRow = { readonly id: string; readonly digest: string; readonly [column: string]: unknown };

const tableRow = (noun: StoredNoun, row: NounRow) => namedCells(noun, row) as TableRow;

/** Larger pages are slower, because the statements have a placeholder for every value. */
const pageSize = 1_000;

export async function ingestByTheBook(task: IngestTask, postgresCpu: () => number | null): Promise<IngestOutcome[]> {
  await ingestPasses({ ...task, databaseUrl: task.warmUrl, count: warmCount / 10, passes: ['first'] }, postgresCpu);
  return ingestPasses({ ...task, passes: ['first'] }, postgresCpu);
}

async function ingestPasses(task: IngestTask, postgresCpu: () => number | null): Promise<IngestOutcome[]> {
  const catalog = makeCatalog(await silentAdapters());
  const entities = entitiesOf(catalog);
  const orm = await MikroORM.init({
    clientUrl: task.databaseUrl,
    entities,
    pool: { min: 1, max: 2 },
  } as never);
  const writer = new Writer(
    name => catalog.stored(name),
    new Map(entities.map(entity => [entity.meta.tableName, entity])),
  );
  const outcomes: IngestOutcome[] = [];
  for (const pass of task.passes ?? passes) {
    const lines = Array.from({ length: task.count }, (_, n) => ingestLine(n, task.count, pass));
    const adapter = ingestAdapter([], () => {});
    const restater = new Restater(adapter);
    const work = async () => {
      for (let from = 0; from < lines.length; from += pageSize) {
        const items = lines.slice(from, from + pageSize).map(raw => ({ raw, native: JSON.parse(raw) }));
        const { records } = restater.restate(items);
        await orm.em.fork().transactional(em => writer.write(em as EntityManager, adapter.agency.code, records));
      }
    };
    outcomes.push(await outcomeOf(pass, postgresCpu, work));
  }
  await orm.close(true);
  return outcomes;
}

class Writer {
  private readonly identity = new Identity(benchIdentityKey);
  private batch = 0;

  constructor(
    private readonly noun: (name: string) => StoredNoun,
    private readonly entities: ReadonlyMap<string, EntitySchema>,
  ) {}

  private entity(table: string): EntitySchema {
    return this.entities.get(table)!;
  }

  async write(em: EntityManager, agency: string, records: readonly ValidRecord[]): Promise<void> {
    const at = new Date().toISOString();
    const changes: { kind: string; record_id: string; case_no: string | null }[] = [];
    for (const [kind, list] of Map.groupBy(records, record => record.statement.kind)) {
      const noun = this.noun(kind);
      const rows = list.map(record => ({
        ...tableRow(noun, rowOf(noun, agency, record, this.identity, digestOfRecord(noun.kind, record))),
        observed_at: at,
      }));
      const changed = await this.upsert(em, noun, rows, at);
      changes.push(...changed.map(row => ({ kind, record_id: row.id, case_no: (row.case_no as string) ?? null })));
      if (changed.length) await this.upsertMentioned(em, noun, list, at);
    }
    const cases = await this.upsert(em, this.noun('Case'), this.cases(agency, records, at), at);
    changes.push(...cases.map(row => ({ kind: 'Case', record_id: row.id, case_no: row.case_no as string })));
    if (!changes.length) return;
    const batch_id = ++this.batch;
    await em.insert(this.entity('hub_batch'), { id: batch_id, agency, size: changes.length, at } as never);
    const rows = changes.map((change, ordinal) => ({ ...change, batch_id, ordinal, agency, deleted: false }));
    await em.insertMany(this.entity('hub_change'), rows as never);
  }

  /** Returns the rows that are new or differ. */
  private async upsert(em: EntityManager, noun: StoredNoun, rows: readonly TableRow[], at: string) {
    const options = { disableIdentityMap: true } as const;
    const known = (await em.find(
      this.entity(noun.table),
      { id: { $in: rows.map(row => row.id) } } as never,
      options,
    )) as unknown as TableRow[];
    const before = new Map(known.map(row => [row.id, row]));
    const changed = rows.filter(row => before.get(row.id)?.digest !== row.digest);
    if (!changed.length) return [];
    const replaced = changed.flatMap(row => before.get(row.id) ?? []);
    if (replaced.length) {
      const history = replaced.map(row => ({ ...row, seen_until: at }));
      await em.insertMany(this.entity(`${noun.table}_history`), history as never);
    }
    await em.upsertMany(this.entity(noun.table), changed as never, { ...options, onConflictFields: ['id'] } as never);
    return changed;
  }

  private async upsertMentioned(em: EntityManager, noun: StoredNoun, records: readonly ValidRecord[], at: string) {
    const head = { deleted: false, digest: '', observed_at: at };
    for (const link of noun.links) {
      if (link.target.name !== 'Person' && link.target.name !== 'Organisation') continue;
      const target = link.target as StoredNoun;
      const rows = new Map<string, object>();
      for (const { values } of records) {
        const key = values[link.from[0]!] as string | null;
        if (!key) continue;
        const id = this.identity.ofNoun(target, key);
        const told = link.states.find(([fact]) => fact === 'name');
        const name = told ? values[told[1]] : null;
        const person = { resident_id: key, birth_date: target.name === 'Person' ? birthDateOf(key) : null };
        const own = target.name === 'Person' ? { ...person, sex: sexOf(key) } : { credit_code: key };
        rows.set(id, { id, ...head, ...own, name });
      }
      const options = { onConflictFields: ['id'], onConflictExcludeFields: ['observed_at'], disableIdentityMap: true };
      if (rows.size) await em.upsertMany(this.entity(target.table), [...rows.values()] as never, options as never);
    }
  }

  private cases(agency: string, records: readonly ValidRecord[], at: string): TableRow[] {
    const noun = this.noun('Case');
    const parts = Map.groupBy(
      records.filter(record => typeof record.values.caseNo === 'string'),
      record => record.values.caseNo as string,
    );
    return [...parts].map(([caseNo, list]) => {
      const of = (kind: string) =>
        list
          .filter(({ statement }) => statement.kind === kind)
          .map(({ statement, values }) => ({ ...values, agency, sourceId: statement.sourceId }) as never);
      const derived = deriveCase({ reports: of('CaseReport'), approvals: of('Approval'), closings: of('CaseClosing') });
      const { lead, ...rest } = derived;
      const values: Record<string, unknown> = { ...lead, ...rest, caseNo, leadAgencyCode: agency };
      const own = Object.fromEntries([...noun.columns.keys()].map(name => [name, values[name] ?? null]));
      const id = this.identity.ofNoun(noun, caseNo);
      const row = derivedRow(noun, { id, deleted: false, digest: digestOf(JSON.stringify(own)) }, own, this.identity);
      return { ...tableRow(noun, row), observed_at: at };
    });
  }
}
