/** Applies a page of an agency in one transaction: records, history, nouns, cases, parked items, changes and the cursor. */
import type pg from 'pg';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import { Affected } from './affected.ts';
import { copyRows } from './copy-rows.ts';
import type { Database } from './database.ts';
import { deriveNouns } from './derive.ts';
import type { Identity } from './identity.ts';
import { type ParkedItem, parkItems, settleParked, supersedeParked } from './parked.ts';
import { standingSql, upsertSql } from './record-sql.ts';
import { beats, freshlyWritten, type Row, rowOf, type ValidRecord, type WrittenRow } from './rows.ts';
import { columnsOf } from './tables.ts';
import { completeSet, noteSeen, type RemovalGuard, type SetPage, settleHeldRemoval } from './whole-set.ts';

export interface ApplyPage {
  readonly agency: string;
  readonly records: readonly ValidRecord[];
  readonly parked: readonly ParkedItem[];
  /** The page was read after `from` (null: the beginning) and ends at `to`; absent for what was pushed or replayed. */
  readonly cursor?: { readonly from: string | null; readonly to: string };
  readonly set?: SetPage;
  /** Parked items that this page settles. */
  readonly settles?: readonly number[];
}

export interface Applied {
  /** Changes that readers will see. */
  readonly changes: number;
  /** Items that are parked now and were not before. */
  readonly parked: number;
  /** The page began at a cursor that is not the stored one any more, so nothing was applied. */
  readonly stale: boolean;
}

/** A change that readers will see. */
export interface ChangeRow {
  readonly kind: string;
  readonly id: string;
  readonly deleted: boolean;
  readonly caseNo: string | null;
}

/** One transaction of the store, and what it works with. */
export interface Work {
  readonly client: pg.PoolClient;
  readonly catalog: Catalog;
  readonly identity: Identity;
  readonly agency: string;
  /** The moment of the whole page. */
  readonly at: string;
  readonly affected: Affected;
}

/** A page that changed something, once it is committed. */
export interface WrittenPage {
  readonly agency: string;
  /** Ids of the persons whom its records are about. */
  readonly persons: readonly string[];
  readonly records: number;
  readonly changes: number;
}

export class Store {
  /** Told of every such page before its agency is asked for the next; must not throw. */
  onWritten: ((page: WrittenPage) => Promise<void>) | null = null;

  constructor(
    readonly database: Database,
    readonly catalog: Catalog,
    readonly identity: Identity,
    private readonly guard: RemovalGuard,
  ) {}

  /** Pages of one agency follow one another. The same page twice changes nothing. */
  async apply(page: ApplyPage): Promise<Applied> {
    let persons: readonly string[] = [];
    const applied = await this.inTransaction(page.agency, async work => {
      if (page.cursor && !(await moveCursor(work, page.cursor))) return { changes: 0, parked: 0, stale: true };
      const changes: ChangeRow[] = [];
      for (const [noun, records] of byNoun(this.catalog, page.records)) {
        changes.push(...(await writeRecords(work, noun, records)));
      }
      if (page.set) {
        await noteSeen(work, page.set);
        if (page.set.complete) changes.push(...(await completeSet(work, page.set, this.guard)));
      }
      const parked = await parkItems(work, page.parked);
      if (page.settles) await settleParked(work, page.settles);
      await supersedeParked(work, page.records);
      const outcome = { changes: await finish(work, changes), parked, stale: false };
      persons = [...(work.affected.mentioned.get(this.catalog.stored('Person'))?.keys() ?? [])];
      return outcome;
    });
    const { changes } = applied;
    if (changes) await this.onWritten?.({ agency: page.agency, persons, records: page.records.length, changes });
    return applied;
  }

  /** A person has looked at a held removal. Returns how many changes came of it, or null when none is held. */
  settleHeldRemoval(agency: string, set: string, confirm: boolean): Promise<number | null> {
    return this.inTransaction(agency, async work => {
      const changes = await settleHeldRemoval(work, set, confirm);
      return changes && finish(work, changes);
    });
  }

  /** A transaction under the agency's lock. */
  private inTransaction<T>(agency: string, run: (work: Work) => Promise<T>): Promise<T> {
    const { catalog, identity } = this;
    return this.database.transaction(async client => {
      await client.query(pageStart, [`page ${agency}`]);
      return run({ client, catalog, identity, agency, at: new Date().toISOString(), affected: new Affected() });
    });
  }
}

/**
 * A page touches a few thousand rows by their ids or links, so an index is always right. The planner cannot know while
 * tables grow faster than their statistics: left alone it keeps the sequential scans that were right for empty tables.
 */
const pageStart = `select pg_advisory_xact_lock(hashtext($1)),
  set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`;

/** Derives what follows from the changed records, and numbers all changes; the batch comes last, after every row lock. */
async function finish(work: Work, changes: ChangeRow[]): Promise<number> {
  changes.push(...(await deriveNouns(work)));
  if (changes.length) await recordChanges(work, changes);
  return changes.length;
}

async function moveCursor({ client, agency }: Work, { from, to }: { from: string | null; to: string }) {
  const { rows } = await client.query('select cursor from hub_cursor where agency = $1', [agency]);
  if ((rows[0]?.cursor ?? null) !== from) return false;
  if (to !== from) {
    await client.query(
      `insert into hub_cursor (agency, cursor, updated_at) values ($1, $2, now())
       on conflict (agency) do update set cursor = excluded.cursor, updated_at = excluded.updated_at`,
      [agency, to],
    );
  }
  return true;
}

function byNoun(catalog: Catalog, records: readonly ValidRecord[]): [StoredNoun, ValidRecord[]][] {
  const groups = Map.groupBy(records, record => record.statement.kind);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, list]) => [catalog.stored(kind), list]);
}

/** Statements of a noun, made once. */
const statements = (name: string, make: (noun: StoredNoun) => string) => {
  const known = new WeakMap<StoredNoun, { name: string; text: string }>();
  return (noun: StoredNoun) => {
    const statement = known.get(noun) ?? { name: `${name} ${noun.table}`, text: make(noun) };
    known.set(noun, statement);
    return statement;
  };
};
const upsertOf = statements('upsert', upsertSql);
const standingOf = statements('standing', standingSql);

async function writeRecords(work: Work, noun: StoredNoun, records: readonly ValidRecord[]): Promise<ChangeRow[]> {
  const winners = new Map<string, { row: Row; record: ValidRecord }>();
  const losers: { row: Row; record: ValidRecord }[] = [];
  for (const record of records) {
    const told = { row: rowOf(noun, work.agency, record, work.identity), record };
    const other = winners.get(told.row.id);
    if (!other) winners.set(told.row.id, told);
    else if (beats(told.row, other.row)) {
      winners.set(told.row.id, told);
      losers.push(other);
    } else losers.push(told);
  }
  const { fresh, known } = await sortByStanding(work, noun, winners);
  // Every mention counts, also one that comes too late to win: the nouns that exist do not depend on the order.
  for (const { row, record } of [...losers, ...fresh, ...known]) work.affected.mention(noun, row, record.values);
  await copyFresh(
    work,
    noun,
    fresh.map(told => told.row),
  );
  const written = [
    ...fresh.map(({ row }) => freshlyWritten(noun, row)),
    ...(await writeKnown(
      work,
      noun,
      known.map(told => told.row),
    )),
  ];
  const changed = work.affected.touch(noun, written, id => winners.get(id)!.record);
  const numbered = noun.kind.about.case?.from[0];
  return changed.map(({ id, deleted }) => {
    const caseNo = numbered ? (winners.get(id)?.record.values[numbered] as string | undefined) : undefined;
    return { kind: noun.name, id, deleted, caseNo: caseNo ?? null };
  });
}

/** What nobody has yet, and what may replace something; what says the same as before is left out. */
async function sortByStanding<T extends { row: Row }>(work: Work, noun: StoredNoun, told: ReadonlyMap<string, T>) {
  const rows = [...told.values()].map(one => one.row);
  const { rows: found } = await work.client.query<[string, boolean]>({
    ...standingOf(noun),
    values: [rows.map(r => r.id), rows.map(r => r.version), rows.map(r => r.digest), rows.map(r => r.as_of ?? null)],
    rowMode: 'array',
  } as never);
  const standing = new Map(found);
  return {
    fresh: [...told.values()].filter(({ row }) => !standing.has(row.id)),
    known: [...told.values()].filter(({ row }) => standing.get(row.id) === false),
  };
}

/** The page is alone with the rows of its agency, so rows that do not stand yet cannot be there when they are written. */
async function copyFresh(work: Work, noun: StoredNoun, rows: readonly Row[]): Promise<void> {
  if (!rows.length) return;
  const columns = columnsOf(noun).map(c => c.name);
  await copyRows(
    work.client,
    noun.table,
    columns,
    rows.map(row => ({ ...row, observed_at: work.at })),
  );
}

/** Writes rows that may stand already; returns what `upsertSql` returns. */
export async function writeKnown(work: Work, noun: StoredNoun, rows: readonly Row[]): Promise<WrittenRow[]> {
  if (!rows.length) return [];
  const values = [JSON.stringify(rows), work.at];
  return (await work.client.query({ ...upsertOf(noun), values, rowMode: 'array' })).rows;
}

async function recordChanges({ client, agency, at }: Work, changes: readonly ChangeRow[]): Promise<void> {
  await client.query(
    `with batch as (insert into hub_batch (agency, size, at) values ($1, $2, $3) returning id)
     insert into hub_change (batch_id, ordinal, kind, record_id, agency, deleted, case_no)
     select batch.id, c.ordinal - 1, c.kind, c.record_id, $1, c.deleted, c.case_no
     from batch, unnest($4::text[], $5::uuid[], $6::boolean[], $7::text[])
       with ordinality as c (kind, record_id, deleted, case_no, ordinal)`,
    [
      agency,
      changes.length,
      at,
      changes.map(c => c.kind),
      changes.map(c => c.id),
      changes.map(c => c.deleted),
      changes.map(c => c.caseNo),
    ],
  );
}
