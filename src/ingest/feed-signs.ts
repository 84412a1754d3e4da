/** Signs that something is wrong with what an agency sends, although it is read without a failure. */
import type { Catalog } from '../catalog/catalog.ts';
import type { ReadRows } from '../store/database.ts';
import { type NewestRecords, newestRecords, nounsOf, parkedSince, usuallyFilled } from './newest-records.ts';

export type SignName = 'PARKED' | 'UNKNOWN_REFERENCE' | 'EMPTY_FIELD' | 'QUIET_KIND';
export interface FeedSign {
  readonly sign: SignName;
  readonly kind: string | null;
  readonly field: string | null;
  /** ISO 8601: it is so at least since then. */
  readonly since: string;
  /** Of `of` records or items so many show it; for a quiet kind, hours without news and the most that were usual. */
  readonly found: number;
  readonly of: number;
  /** In a sentence, without a value of a record. */
  readonly message: string;
}

export interface SignLimits {
  /** An agency's newest records of a kind that are looked at. */
  readonly newest: number;
  /** In percent of what newly arrives. */
  readonly parkedPercent: number;
  /** In percent of the newest records of a kind. */
  readonly unknownPercent: number;
  /** Hours without news that mean nothing. */
  readonly quietHours: number;
}

/** With fewer records a share says nothing. */
const fewest = 20;
/** A kind is known by its pauses once it had so many of more than an hour; until then a month without news is usual. */
const knownPauses = 3;
const unknownPauseHours = 31 * 24;
/** A field that fewer records have is no surprise when it is missing. */
const usualShare = 0.5;
const hourMs = 3_600_000;

export class FeedSigns {
  private signs: ReadonlyMap<string, readonly FeedSign[]> = new Map();
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> = Promise.resolve();

  /** @param onChange is called for an agency whose signs are others than before */
  constructor(
    private readonly parts: {
      readonly read: ReadRows;
      readonly catalog: Catalog;
      readonly agencies: readonly string[];
      readonly limits: SignLimits;
      readonly onChange: (agency: string, signs: readonly FeedSign[]) => void;
      readonly onError: (error: unknown) => void;
    },
  ) {}

  readonly of = (agency: string): readonly FeedSign[] => this.signs.get(agency) ?? [];

  start(everyMs: number): void {
    const look = () => {
      this.looking = this.refresh().catch(this.parts.onError);
      void this.looking.then(() => {
        if (this.timer) this.timer = setTimeout(look, everyMs).unref();
      });
    };
    this.timer = setTimeout(look, everyMs).unref();
  }
  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    await this.looking;
  }

  async refresh(): Promise<void> {
    const { agencies, onChange } = this.parts;
    const found = new Map<string, readonly FeedSign[]>();
    for (const agency of agencies) found.set(agency, await this.look(agency));
    const before = this.signs;
    this.signs = found;
    const names = (signs: readonly FeedSign[] = []) =>
      signs.map(({ sign, kind, field }) => `${sign} ${kind} ${field}`).join();
    for (const [agency, signs] of found) if (names(signs) !== names(before.get(agency))) onChange(agency, signs);
  }

  private async look(agency: string): Promise<FeedSign[]> {
    const { read, catalog, limits } = this.parts;
    const kinds: NewestRecords[] = [];
    for (const noun of nounsOf(catalog, agency)) kinds.push(await newestRecords(read, noun, agency, limits.newest));
    const signs = [...(await this.parked(agency, kinds))];
    for (const kind of kinds) {
      signs.push(...this.unknown(kind), ...(await this.empty(agency, kind)), ...this.quiet(kind));
    }
    return signs;
  }

  /** Among the newest that arrived with something new, stored or parked. */
  private async parked(agency: string, kinds: readonly NewestRecords[]): Promise<FeedSign[]> {
    const { read, limits } = this.parts;
    const learned = kinds
      .flatMap(kind => kind.learned)
      .sort((a, b) => (a < b ? 1 : -1))
      .slice(0, limits.newest);
    const { count, first, most } = await parkedSince(read, agency, learned.at(-1) ?? '-infinity');
    const of = count + learned.length;
    if (of < fewest || count * 100 <= of * limits.parkedPercent || !first) return [];
    const message = `${count} of the newest ${of} items are parked, most of them because of ${most}`;
    return [{ sign: 'PARKED', kind: null, field: null, since: first, found: count, of, message }];
  }

  private unknown({ noun, count, learned, unknown }: NewestRecords): FeedSign[] {
    if (count < fewest) return [];
    return [...unknown]
      .filter(([, found]) => found * 100 > count * this.parts.limits.unknownPercent)
      .map(([link, found]) => {
        const field = link.from.join(', ');
        const message = `${found} of the newest ${count} ${noun.kind.plural} name a ${link.target.name} in ${field} that the town does not know`;
        return { sign: 'UNKNOWN_REFERENCE', kind: noun.name, field, since: learned.at(-1)!, found, of: count, message };
      });
  }

  private async empty(agency: string, { noun, count, learned, filled }: NewestRecords): Promise<FeedSign[]> {
    const missing = [...filled].filter(([, found]) => found === 0).map(([column]) => column);
    // Where these are all records, nothing is known of the time before.
    if (!missing.length || count < Math.max(fewest, this.parts.limits.newest / 2)) return [];
    const usual = await usuallyFilled(this.parts.read, noun, agency, missing);
    return missing
      .filter(column => usual.get(column)! >= usualShare)
      .map((column): FeedSign => {
        const { name } = column;
        const percent = Math.round(100 * usual.get(column)!);
        const message = `${name} is empty in all of the newest ${count} ${noun.kind.plural}, and filled in ${percent} % of all`;
        return {
          sign: 'EMPTY_FIELD',
          kind: noun.name,
          field: name,
          since: learned.at(-1)!,
          found: count,
          of: count,
          message,
        };
      });
  }

  private quiet({ noun, learned }: NewestRecords): FeedSign[] {
    const [last] = learned;
    if (!last) return [];
    const hours = (ms: number) => Math.floor(ms / hourMs);
    const pauses = learned.slice(1).map((at, n) => hours(Date.parse(learned[n]!) - Date.parse(at)));
    const known = pauses.filter(pause => pause >= 1).length >= knownPauses;
    const longest = known ? Math.max(...pauses) : unknownPauseHours;
    const found = hours(Date.now() - Date.parse(last));
    if (found <= Math.max(this.parts.limits.quietHours, known ? 3 * longest : longest)) return [];
    const message = `there was nothing new of ${noun.kind.plural} for ${found} hours, and ${longest} were the most that is usual`;
    return [{ sign: 'QUIET_KIND', kind: noun.name, field: null, since: last, found, of: longest, message }];
  }
}
