/** The exchange's copy of the register: a feed for each service, with times and numbers of its own. */

import { addDays } from '../../township/days.ts';
import type { Random } from '../../township/model.ts';
import { ExchangeFeed } from './exchange-feed.ts';
import type { FaultDice } from './fault-dice.ts';
import type { WireRow } from './spelling.ts';
import { type Effect, Tally } from './tally.ts';

export const services = ['entity', 'change', 'abnormal', 'case'] as const;
export type Service = (typeof services)[number];

/** One row that the register wrote at a given time, and its effect on the hub. */
export interface Written {
  readonly service: Service;
  /** `2026-11-23T09:30:00+08:00` */
  readonly at: string;
  readonly row: WireRow;
  readonly effect: Effect;
}

const BACKLOG_DAYS = 120;
/** Rows of the backlog that came in one batch, with one time. */
const MOST_IN_BATCH = 48;
const compact = (iso: string) => iso.replace(/\D/g, '').slice(0, 14);

export class Exchange {
  readonly feeds: Readonly<Record<Service, ExchangeFeed>> = {
    entity: new ExchangeFeed(),
    change: new ExchangeFeed(),
    abnormal: new ExchangeFeed(),
    case: new ExchangeFeed(),
  };
  readonly tally = new Tally();
  /** The newest row about each record, as the register wrote it: the query service returns these. */
  private readonly newest = new Map<string, { readonly at: string; readonly id: string; readonly json: string }>();
  private clockMs: number;
  private numbers = 0;
  /** Written but not yet visible; `overtaken` says that a newer row is visible already. */
  private waiting: { readonly commit: () => void; overtaken: boolean }[] = [];

  constructor(
    private readonly random: Random,
    private readonly dice: FaultDice,
    private readonly today: string,
  ) {
    this.clockMs = Date.parse(`${today}T08:00:00+08:00`);
  }

  /** What was written before today: mostly in order, in batches, some rows late or twice. */
  fill(backlog: readonly Written[]): void {
    const numbered = [...backlog]
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
      .map((written, at) => ({ written, id: this.nextNumber(), at }));
    // A row that cannot be read must come once, so that it is parked once.
    const again = numbered.filter(({ written }) => !written.effect.parked && this.dice.commits('duplicate'));
    const places = [
      ...numbered.map(item => ({ ...item, place: item.at + this.delay(numbered.length) })),
      ...again.map(item => ({ ...item, place: item.at + this.random.below(numbered.length - item.at) + 0.5 })),
    ].sort((a, b) => a.place - b.place);
    const start = Date.parse(`${addDays(this.today, -BACKLOG_DAYS)}T00:00:00+08:00`);
    const stepMs = Math.floor((BACKLOG_DAYS * 86_400_000) / (places.length + 1));
    for (let from = 0; from < places.length; ) {
      const batch = places.slice(from, from + 1 + this.random.below(MOST_IN_BATCH));
      for (const { written, id } of batch) this.commit(written, id, start + from * stepMs);
      from += batch.length;
    }
  }

  /** Rows may reach the exchange long after they were written, behind newer ones about the same record. */
  private delay(rows: number): number {
    return this.dice.commits('outOfOrder') ? this.random.below(Math.ceil(rows / 2)) : 0;
  }

  /** The town's time, advanced by some seconds. */
  tick(): string {
    this.clockMs += 1000 * (1 + this.random.below(9));
    return this.now();
  }

  now(): string {
    return `${new Date(this.clockMs + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
  }

  /** Delivers a row immediately, with the present time. */
  publish(written: Written): void {
    this.commit(written, this.nextNumber(), this.clockMs);
    for (const late of this.waiting) late.overtaken = true;
  }

  /** Gives a row its time and number now, but shows it only after a newer one: its transaction is long. */
  publishLate(written: Written): void {
    const [id, ms] = [this.nextNumber(), this.clockMs];
    this.waiting.push({ commit: () => this.commit(written, id, ms), overtaken: false });
  }

  /** Ends the transactions of the rows that a newer one has overtaken. */
  settle(): void {
    for (const { commit, overtaken } of this.waiting) if (overtaken) commit();
    this.waiting = this.waiting.filter(({ overtaken }) => !overtaken);
  }

  /** The present row of a market entity as JSON; null while it is not exchanged. */
  findEntityJson(pripid: string): string | null {
    return this.newest.get(`MarketEntity ${pripid}`)?.json ?? null;
  }

  private nextNumber(): string {
    return String(++this.numbers).padStart(16, '0');
  }

  private commit({ service, at, row, effect }: Written, id: string, ms: number): void {
    const time = compact(new Date(ms + 8 * 3_600_000).toISOString());
    const json = JSON.stringify({ ...row, S_EXT_TIMESTAMP: time, S_EXT_SEQUENCE: id });
    this.feeds[service].add({ time, id, json });
    this.tally.count(effect);
    for (const name of effect.stands ?? []) {
      const known = this.newest.get(name);
      if (service === 'entity' && (!known || known.at + known.id < at + id)) this.newest.set(name, { at, id, json });
    }
  }
}
