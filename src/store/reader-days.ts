/**
 * What readers have seen of persons today, over all processes of the hub: whose data they were shown whole, and how
 * many of their searches found nobody. A reader's requests are counted one after the other; those that wait are counted
 * together.
 */
import { LruCache } from '../domain/lru-cache.ts';
import { townDay } from '../domain/town-day.ts';
import type { Database } from './database.ts';

/** What an answer is about to show. */
export interface Seen {
  /** Ids of the persons. */
  readonly persons: readonly string[];
  /** Searches that found nobody. */
  readonly misses: number;
}
export interface DayLimits {
  readonly persons: number;
  readonly misses: number;
}
/** Which limit would be exceeded; null when it was counted. */
export type Exceeded = keyof DayLimits | null;

interface Waiting {
  readonly seen: Seen;
  readonly resolve: (exceeded: Exceeded) => void;
  readonly reject: (error: unknown) => void;
}
interface ReaderDay {
  readonly day: string;
  /** Persons who are counted already, as far as this process knows. */
  readonly known: Set<string>;
  waiting: Waiting[];
  isCounting: boolean;
}

/** The number of people who work in the halls of a large county. */
const keptReaders = 5_000;
/** Days are kept until no process can ask about them as today. */
const keptDays = 2;

/**
 * One statement counts, and fails where a limit would be exceeded: then nothing of it is stored. New persons are found
 * by the key alone, whatever the planner knows of tables that are filled anew each day.
 */
const countSql = `
with kept as (insert into hub_reader_person (day, reader, person)
    select $1, $2, person from unnest($3::uuid[]) as shown (person) on conflict do nothing returning person),
  counted as (insert into hub_reader_day as d (day, reader, persons, misses, unmasked)
    select $1, $2, count(*), $4::int, 0 from kept
    on conflict (day, reader) do update set persons = d.persons + excluded.persons, misses = d.misses + excluded.misses
    returning persons, misses)
select case when persons > $5::int and exists (select from kept) then 1 / (persons - persons)
            when misses > $6::int and $4::int > 0 then ln(misses - misses) end,
  set_config('synchronous_commit', 'off', true)
from counted`;
/** The errors with which the statement fails on purpose: a division by zero, a logarithm of zero. */
const failures: Readonly<Record<string, Exceeded>> = { '22012': 'persons', '2201E': 'misses' };

export class ReaderDays {
  private readonly readers = new LruCache<string, ReaderDay>(keptReaders);
  private forgottenOn = '';

  constructor(
    private readonly database: Database,
    private readonly onError: (error: unknown) => void,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /**
   * Counts all of it, or nothing and returns why. A person whom this process has counted today needs no query. A crash
   * of the database may lose the last milliseconds of what was counted, never a row of the audit log.
   */
  count(reader: string, seen: Seen, limits: DayLimits): Promise<Exceeded> {
    const today = this.ofToday(reader);
    const persons = seen.persons.filter(person => !today.known.has(person));
    if (!persons.length && !seen.misses) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      today.waiting.push({ seen: { persons, misses: seen.misses }, resolve, reject });
      if (!today.isCounting) void this.countAll(reader, today, limits);
    });
  }

  /** What the reader has used today, over all processes. */
  async today(reader: string): Promise<Readonly<Record<'persons' | 'unmasked' | 'misses', number>>> {
    const text = 'select persons, unmasked, misses from hub_reader_day where day = $1 and reader = $2';
    const [row] = await this.database.read(text, [townDay(this.now()), reader]);
    const [persons, unmasked, misses] = (row ?? [0, 0, 0]).map(Number) as [number, number, number];
    return { persons, unmasked, misses };
  }

  private ofToday(reader: string): ReaderDay {
    const day = townDay(this.now());
    if (this.forgottenOn !== day) this.forget(day);
    const known = this.readers.get(reader);
    if (known?.day === day) return known;
    const made = { day, known: new Set<string>(), waiting: [], isCounting: false };
    this.readers.set(reader, made);
    return made;
  }

  /** Requests that waited together are counted together; where that exceeds a limit, one after the other. */
  private async countAll(reader: string, today: ReaderDay, limits: DayLimits): Promise<void> {
    today.isCounting = true;
    while (today.waiting.length) {
      const group = today.waiting.splice(0);
      try {
        const persons = new Set(group.flatMap(({ seen }) => seen.persons));
        const misses = group.reduce((sum, { seen }) => sum + seen.misses, 0);
        const together = await this.write(reader, today, { persons: [...persons], misses }, limits);
        for (const { seen, resolve } of group)
          resolve(together === null || group.length === 1 ? together : await this.write(reader, today, seen, limits));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    today.isCounting = false;
  }

  private async write(reader: string, { day, known }: ReaderDay, seen: Seen, limits: DayLimits): Promise<Exceeded> {
    // All processes use one order, so that two of them never wait for each other.
    const values = [day, reader, seen.persons.toSorted(), seen.misses, limits.persons, limits.misses];
    try {
      await this.database.pool.query({ name: 'count persons seen', text: countSql, values });
    } catch (error) {
      const exceeded = failures[(error as { code?: string }).code ?? ''];
      if (exceeded) return exceeded;
      throw error;
    }
    for (const person of seen.persons) known.add(person);
    return null;
  }

  /** The first request that is counted on a day deletes older days. */
  private forget(today: string): void {
    this.forgottenOn = today;
    const before = townDay(new Date(Date.parse(today) - keptDays * 86_400_000));
    for (const table of ['hub_reader_person', 'hub_reader_day'])
      this.database.read(`delete from ${table} where day < $1`, [before]).catch(this.onError);
  }
}
