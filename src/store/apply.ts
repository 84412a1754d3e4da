/**
 * Applies an agency's page in one transaction: records, history, nouns, cases, parked items, changes and the cursor.
 */
import { randomInt } from 'node:crypto';
import pg from 'pg';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import { Affected, caseNoOf, linkAt } from './affected.ts';
import { Changes, nothingBefore } from './changes.ts';
import { copyRows } from './copy-rows.ts';
import { type Database, later } from './database.ts';
import { deriveNouns } from './derive.ts';
import type { Identity } from './identity.ts';
import { openParked, type ParkedItem, parkItems, settleParked, supersedeParked } from './parked.ts';
import { PreparedPage, type PreparedRecords } from './prepared-page.ts';
import { existingRowsSql, upsertSql } from './record-sql.ts';
import { type Refusal, refusalOf } from './refusals.ts';
import { copyColumns, type NounRow, namedCells, type ValidRecord, type WrittenRow } from './rows.ts';
import { completeSet, noteSeen, type RemovalGuard, type SetPage, settleHeldRemoval } from './whole-set.ts';

export interface ApplyPage {
  readonly agency: string;
  readonly records: readonly ValidRecord[];
  readonly parked: readonly ParkedItem[];
  /** The page was read after `from` (null: the beginning) and ends at `to`; absent for what was pushed or replayed. */
  readonly cursor?: { readonly from: string | null; readonly to: string };
  readonly set?: SetPage;
  /** Parked items that this page resolves. */
  readonly settles?: readonly number[];
}

export interface Applied {
  /** Changes that readers will see. */
  readonly changes: number;
  /** Items that are parked now and were not before. */
  readonly parked: number;
  /** The page began at a cursor that is no longer the stored one, so nothing was applied. */
  readonly stale: boolean;
}

/** One transaction of the store, and what its steps share. */
export interface Work {
  readonly client: pg.PoolClient;
  readonly catalog: Catalog;
  readonly identity: Identity;
  readonly agency: string;
  /** The time of the whole page. */
  readonly at: string;
  readonly mentioned: PreparedPage['mentioned'];
  readonly affected: Affected;
  readonly changes: Changes;
}

/** Ends a transaction that only tried something. */
class TakenBack extends Error {}

/** A page that changed something, after its commit. */
export interface WrittenPage {
  readonly agency: string;
  /** Ids of the persons whom its records are about. */
  readonly persons: readonly string[];
  readonly records: number;
  readonly changes: number;
}

export class Store {
  /** Called with every such page before its agency is asked for the next one; must not throw. */
  onWritten: ((page: WrittenPage) => Promise<void>) | null = null;

  constructor(
    readonly database: Database,
    readonly catalog: Catalog,
    readonly identity: Identity,
    private readonly guard: RemovalGuard,
  ) {}

  /**
   * Makes the rows of an agency's records, beside those that are already `prepared`. Needs no database, so a page can
   * be prepared while the previous one is written.
   */
  prepare(
    agency: string,
    records: readonly ValidRecord[],
    prepared = new PreparedPage(agency, this.identity),
  ): PreparedPage {
    for (const record of records) prepared.add(this.catalog.stored(record.statement.kind), record);
    return prepared;
  }

  /**
   * Why the database refuses these records, found by writing them with all that follows from them and taking it back;
   * null where it would take them.
   */
  async refusalOf(agency: string, records: readonly ValidRecord[]): Promise<Refusal | null> {
    try {
      await this.write({ agency, records, parked: [] }, this.prepare(agency, records), () => {
        throw new TakenBack();
      });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return refusal;
      if (!(error instanceof TakenBack)) throw error;
    }
    return null;
  }

  /** Pages of one agency are applied one after the other. Applying the same page twice changes nothing. */
  async apply(page: ApplyPage, prepared = this.prepare(page.agency, page.records)): Promise<Applied> {
    const applied = await this.write(page, prepared);
    const { changes } = applied;
    if (changes) {
      const persons = [...(prepared.mentioned.get(this.catalog.stored('Person'))?.keys() ?? [])];
      await this.onWritten?.({ agency: page.agency, persons, records: page.records.length, changes });
    }
    return applied;
  }

  /** @param before is called when all is written, before the commit */
  private write(page: ApplyPage, prepared: PreparedPage, before = () => {}): Promise<Applied> {
    return this.inTransaction(page.agency, prepared.mentioned, async work => {
      const nouns = [...prepared.records].sort(([a], [b]) => (a.name < b.name ? -1 : 1));
      // No statement here needs another's answer, so all are sent together; the answers come in the same order.
      const moved = later(page.cursor ? moveCursor(work, page.cursor) : Promise.resolve(true));
      const standing = nouns.map(([noun, records]) => later(standingOf(work, noun, records)));
      const open = later(openParked(work));
      if (!(await moved)) return { changes: 0, parked: 0, stale: true };
      for (const [n, [noun, records]] of nouns.entries()) await writeRecords(work, noun, records, await standing[n]!);
      if (page.set) {
        await noteSeen(work, page.set);
        if (page.set.complete) await completeSet(work, page.set, this.guard);
      }
      const parked = await parkItems(work, page.parked);
      if (page.settles) await settleParked(work, page.settles);
      await supersedeParked(work, [...(await open), ...page.parked], page.records);
      const changes = await finish(work);
      before();
      return { changes, parked, stale: false };
    });
  }

  /**
   * Carries out or drops a held removal, as a person decided. Returns how many changes followed, or null when none is
   * held.
   */
  settleHeldRemoval(agency: string, set: string, confirm: boolean): Promise<number | null> {
    return this.inTransaction(agency, new Map(), async work => {
      const held = await settleHeldRemoval(work, set, confirm);
      return held ? finish(work) : null;
    });
  }

  /**
   * A time that no other page has: it tells versions of a record apart. It is in microseconds, and the clock gives only
   * milliseconds: within one, pages of this process count up, and a collision with another process is unlikely.
   */
  private moment(): string {
    const now = Date.now() * 1000 + randomInt(1000);
    this.lastMoment = Math.max(this.lastMoment + 1, now);
    const micros = String(this.lastMoment % 1000).padStart(3, '0');
    return new Date(Math.floor(this.lastMoment / 1000)).toISOString().replace('Z', `${micros}Z`);
  }
  private lastMoment = 0;

  /** A transaction under the agency's lock. */
  private inTransaction<T>(agency: string, mentioned: Work['mentioned'], run: (work: Work) => Promise<T>): Promise<T> {
    const { catalog, identity } = this;
    const shared = { catalog, identity, agency, mentioned };
    return this.database.transaction(
      client => run({ ...shared, client, at: this.moment(), affected: new Affected(), changes: new Changes(agency) }),
      pageStart(agency),
    );
  }
}

/**
 * A page touches a few thousand rows by their ids or links, so an index is always right. The planner cannot know that
 * while tables grow faster than their statistics, and would keep the sequential scans that were right for empty tables.
 */
const pageStart = (
  agency: string,
) => `begin; select pg_advisory_xact_lock(hashtext(${pg.escapeLiteral(`page ${agency}`)})),
  set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`;

/** Derives what follows from the changed records, and numbers all changes. */
async function finish(work: Work): Promise<number> {
  await deriveNouns(work);
  await work.changes.record(work);
  return work.changes.count;
}

/** False where the stored cursor is not the one from which the page was read. */
async function moveCursor({ client, agency }: Work, { from, to }: { from: string | null; to: string }) {
  const { rows } = await client.query({
    name: 'move cursor',
    text: `
with stood as (
  select (select cursor from hub_cursor where agency = $1) is not distinct from $2 as there
), moved as (
  insert into hub_cursor (agency, cursor, updated_at) select $1, $3, now() from stood where there and $3 is distinct from $2
  on conflict (agency) do update set cursor = excluded.cursor, updated_at = excluded.updated_at
)
select there from stood`,
    values: [agency, from, to],
  });
  return rows[0].there as boolean;
}

/** Statements by noun, made once for each. */
const statements = (name: string, make: (noun: StoredNoun) => string) => {
  const known = new WeakMap<StoredNoun, { name: string; text: string }>();
  return (noun: StoredNoun) => {
    const statement = known.get(noun) ?? { name: `${name} ${noun.table}`, text: make(noun) };
    known.set(noun, statement);
    return statement;
  };
};
const upsertOf = statements('upsert', upsertSql);
const standingStatement = statements('standing', existingRowsSql);

/** Ids of the rows that exist already, and whether their content is the same. */
async function standingOf(
  { client }: Work,
  noun: StoredNoun,
  records: PreparedRecords,
): Promise<ReadonlyMap<string, boolean>> {
  const values = records.standingValues();
  const { rows } = await client.query({ ...standingStatement(noun), values, rowMode: 'array' } as pg.QueryArrayConfig);
  return new Map(rows as [string, boolean][]);
}

/**
 * Inserts new rows and writes those that may replace an existing row; rows with the same content as before are left
 * out. The agency's lock is held, so a row that does not exist yet cannot appear before it is inserted.
 */
async function writeRecords(
  work: Work,
  noun: StoredNoun,
  { winners, lines }: PreparedRecords,
  standing: ReadonlyMap<string, boolean>,
): Promise<void> {
  const { client, at, affected, changes } = work;
  const page = [...winners.values()];
  const fresh = standing.size ? page.filter(({ row }) => !standing.has(row.id)) : page;
  const known = standing.size ? page.filter(({ row }) => standing.get(row.id) === false) : [];
  const caseNo = caseNoOf(noun);
  if (fresh.length) {
    const places = fresh.map(({ line }) => line);
    // What follows from new rows is computed while they are written.
    await copyRows(client, noun.table, copyColumns(noun), lines.withLast(at, places), () => {
      affected.found(noun, fresh);
      const toCase = linkAt(noun, 'case');
      for (const { row, record } of fresh) {
        const { id, deleted, links } = row;
        const caseId = links[toCase] ?? null;
        changes.add({ kind: noun.name, id, deleted, caseNo: caseNo(record), caseId, ...nothingBefore });
      }
    });
  }
  const rows = known.map(({ row }) => row);
  const written = await writeKnown(work, noun, rows);
  const recordOf = (id: string) => winners.get(id)!.record;
  for (const change of affected.touch(noun, written, recordOf))
    changes.add({ ...change, caseNo: caseNo(recordOf(change.id)) });
}

/** Writes rows that may exist already; returns what `upsertSql` returns. */
export async function writeKnown(work: Work, noun: StoredNoun, rows: readonly NounRow[]): Promise<WrittenRow[]> {
  if (!rows.length) return [];
  const values = [JSON.stringify(rows.map(row => namedCells(noun, row))), work.at];
  return (await work.client.query({ ...upsertOf(noun), values, rowMode: 'array' })).rows;
}
