/** Reads the exchange's four services one after another to their end, and asks about entities by credit code. */
import { type AgencySource, type Call, type Item, type Page, SourceError } from '../kit/index.ts';
import { endFeed, parseCursor, takePage, withFeed } from './cursor.ts';
import { readAnswer, readPage } from './envelopes.ts';
import type { Gateway } from './gateway.ts';
import { MarketEntity } from './records.ts';
import { type FeedService, feedServices, isRow, type Native } from './wire.ts';

export interface SourceSettings {
  readonly serviceIds: Readonly<Record<FeedService | 'entityQuery', string>>;
  /** How long a row may stay invisible after the time that it carries. */
  readonly overlapMinutes: number;
}

const MOST_QUESTIONS_AT_ONCE = 4;

export class CommerceSource implements AgencySource<Native> {
  constructor(
    private readonly gateway: Pick<Gateway, 'ask'>,
    private readonly settings: SourceSettings,
  ) {}

  /** A page holds rows of one service; `done` when all four have nothing more. */
  async changes(after: string | null, limit: number, call: Call): Promise<Page<Native>> {
    const { overlapMinutes } = this.settings;
    let cursor = parseCursor(after);
    for (let service = feedServices[cursor.turn]; service; service = feedServices[cursor.turn]) {
      const { time, id } = cursor.feeds[service];
      const question = { pageNo: 1, pageSize: limit, sinceTime: time, sinceId: id };
      const rows = readPage(service, await this.gateway.ask(this.settings.serviceIds[service], question, call));
      if (rows.length === 0) {
        cursor = endFeed(cursor, service, overlapMinutes);
        continue;
      }
      const { fresh, feed } = takePage(cursor.feeds[service], rows, overlapMinutes);
      cursor = withFeed(cursor, service, feed);
      if (fresh.length > 0) return { items: itemsOf(service, fresh), next: JSON.stringify(cursor), done: false };
    }
    return { items: [], next: JSON.stringify({ ...cursor, turn: 0 }), done: true };
  }

  /** Keys are credit codes (统一社会信用代码); one that was registered twice has two entities. */
  async lookup(kind: string, keys: readonly string[], call: Call): Promise<readonly (readonly Item<Native>[])[]> {
    if (kind !== MarketEntity.name) throw new SourceError('REFUSED', `the exchange cannot be asked for ${kind}`);
    const answers: (readonly Item<Native>[])[] = [];
    for (let from = 0; from < keys.length; from += MOST_QUESTIONS_AT_ONCE) {
      const some = keys.slice(from, from + MOST_QUESTIONS_AT_ONCE);
      answers.push(...(await Promise.all(some.map(key => this.findEntities(key, call)))));
    }
    return answers;
  }

  private async findEntities(creditCode: string, call: Call): Promise<readonly Item<Native>[]> {
    const answer = await this.gateway.ask(this.settings.serviceIds.entityQuery, { uniscid: creditCode }, call);
    return itemsOf('entity', readAnswer(answer));
  }
}

const itemsOf = (service: FeedService, rows: readonly unknown[]): Item<Native>[] =>
  rows.map(row => {
    if (!isRow(row)) return { raw: JSON.stringify(row), unreadable: { field: service, reason: 'is not an object' } };
    const native: Native = { service, row };
    return { raw: JSON.stringify(native), native };
  });
