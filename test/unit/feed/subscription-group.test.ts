/** Subscription groups without a hub: which reader receives what, and which readers a failure concerns. */
import { expect, test } from '@jest/globals';
import { HubError } from '../../../src/domain/error-codes.ts';
import { Cursors } from '../../../src/feed/cursors.ts';
import type { GroupHandler } from '../../../src/feed/group-handler.ts';
import { type EndOfStream, Member, type Sink } from '../../../src/feed/member.ts';
import { cursorMark, Payload } from '../../../src/feed/payload.ts';
import { SlowFilters } from '../../../src/feed/slow-filters.ts';
import { SubscriptionGroup } from '../../../src/feed/subscription-group.ts';
import type { Change, Tail } from '../../../src/feed/tail.ts';

/** A log in memory. */
class Log {
  readonly changes: Change[] = [];
  private waiting: (() => void)[] = [];
  hasStopped = false;
  get position(): number {
    return this.changes.length;
  }
  add(count = 1): void {
    for (let i = 0; i < count; i++) this.changes.push({ position: this.changes.length + 1 } as Change);
    for (const wake of this.waiting.splice(0)) wake();
  }
  async after(position: number, most: number): Promise<readonly Change[]> {
    return this.changes.slice(position, position + most);
  }
  more(position: number, signal: AbortSignal): Promise<void> {
    if (this.position > position || signal.aborted) return Promise.resolve();
    return new Promise(resolve => {
      this.waiting.push(resolve);
      signal.addEventListener('abort', () => resolve());
    });
  }
}

class Ear implements Sink {
  isOpen = true;
  waitingBytes = 0;
  readonly heard: string[] = [];
  end_: EndOfStream | null | undefined;
  drain = () => {};
  private waiting: (() => void)[] = [];
  next(payload: Payload, cursor: string): void {
    this.heard.push(payload.text(cursor));
    for (const wake of this.waiting.splice(0)) wake();
  }
  end(end: EndOfStream | null): void {
    this.isOpen = false;
    this.end_ = end;
    for (const wake of this.waiting.splice(0)) wake();
  }
  drained(): Promise<void> {
    return new Promise(resolve => {
      this.drain = () => {
        this.waitingBytes = 0;
        resolve();
      };
    });
  }
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise<void>(resolve => this.waiting.push(resolve));
  }
  get positions(): number[] {
    return this.heard.map(text => JSON.parse(text).position);
  }
}

type Fault = (position: number, filter: string) => unknown;
type Note = (readers: readonly string[]) => Promise<ReadonlyMap<string, HubError>>;
interface Burden {
  readonly tests?: (filter: string) => number;
  readonly charge?: GroupHandler<string, string>['charge'];
}
function setUp(
  fault: Fault = () => null,
  note: Note | null = null,
  { tests = () => 0, charge = () => new Map() }: Burden = {},
  testing: (filters: readonly string[]) => Promise<unknown> = async () => {},
) {
  const log = new Log();
  const cursors = new Cursors('a secret');
  const errors: unknown[] = [];
  let [executions, emptied] = [0, 0];
  const work: GroupHandler<string, string> = {
    eventsOf: async (changes, filterGroups) => {
      await testing(filterGroups.map(({ filter }) => filter));
      for (const { filter } of filterGroups) {
        const error = changes.map(({ position }) => fault(position, filter)).find(Boolean);
        if (error) throw error;
      }
      return changes.map(({ position }) => ({ position, partial: false, filterGroups, root: { position } }));
    },
    answer: async ({ root }) => {
      executions += 1;
      return { payload: new Payload(JSON.stringify({ ...root, cursor: cursorMark })), note };
    },
    relationTests: tests,
    charge,
    snapshot: null,
    lagged: null,
  };
  const group = new SubscriptionGroup<string, string>({
    handler: work,
    tail: log as unknown as Tail,
    cursors,
    limits: { budgetBytes: 100, strikes: 2, windowSize: 3 },
    onError: error => errors.push(error),
    onEmpty: () => {
      emptied += 1;
    },
  });
  const join = (filter: string, position = log.position, reader = 'reader') => {
    const ear = new Ear();
    const member = new Member<string>(ear, cursors.owner(filter), reader, position);
    group.join(member, filter, filter);
    return { ear, member };
  };
  return { log, group, join, errors, cursors, executions: () => executions, emptied: () => emptied };
}

test('every reader receives everything once and in order, by one execution of each event', async () => {
  const { log, join, executions } = setUp();
  const readers = Array.from({ length: 50 }, (_, i) => join(`filter ${i % 5}`));
  log.add(20);
  for (const { ear } of readers) await ear.until(() => ear.heard.length === 20);
  for (const { ear } of readers) expect(ear.positions).toEqual(log.changes.map(({ position }) => position));
  expect(executions()).toBe(20);
});

test('a reader who resumes from an older position catches up, and then shares the work of the others', async () => {
  const { log, join, executions, group } = setUp();
  log.add(10);
  const late = [join('a', 0), join('a', 4), join('b', 7)];
  const now = join('a');
  await Promise.all(late.map(({ ear }, i) => ear.until(() => ear.heard.length === [10, 6, 3][i]!)));
  const before = executions();
  log.add();
  for (const { ear } of [...late, now]) await ear.until(() => ear.positions.at(-1) === 11);
  expect(late.map(({ ear }) => ear.positions[0])).toEqual([1, 5, 8]);
  log.add();
  for (const { ear } of [...late, now]) await ear.until(() => ear.positions.at(-1) === 12);
  expect(executions() - before).toBeLessThanOrEqual(4);
  expect(group.size).toBe(4);
});

test('a filter that throws ends its own readers with a typed error and their cursor; the others go on', async () => {
  const { log, join, errors, cursors } = setUp((position, filter) =>
    position === 2 && filter === 'bad' ? new Error('a value of somebody') : null,
  );
  const [good, bad] = [join('good'), join('bad')];
  log.add();
  await Promise.all([good, bad].map(({ ear }) => ear.until(() => ear.heard.length === 1)));
  log.add();
  await bad.ear.until(() => !bad.ear.isOpen);
  await good.ear.until(() => good.ear.heard.length === 2);
  expect(bad.ear.end_).toMatchObject({ error: { code: 'INTERNAL' }, position: 1 });
  expect(cursors.read(bad.ear.end_!.cursor!, cursors.owner('bad'))).toBe(1);
  expect(bad.ear.end_!.error.message).not.toContain('somebody');
  expect(errors).toHaveLength(1);
});

test('a refusal of the hub keeps its code', async () => {
  const { log, join } = setUp((_, filter) => (filter === 'bad' ? new HubError('FILTER_FORBIDDEN', 'no') : null));
  const { ear } = join('bad');
  log.add();
  await ear.until(() => !ear.isOpen);
  expect(ear.end_!.error.code).toBe('FILTER_FORBIDDEN');
});

test('a short outage of the database costs time and nothing else', async () => {
  let failures = 2;
  const away = Object.assign(new Error('away'), { code: '57P01' });
  const { log, join, errors } = setUp(position => (position === 1 && failures-- > 0 ? away : null));
  const { ear } = join('a');
  log.add(2);
  await ear.until(() => ear.heard.length === 2);
  expect(ear.positions).toEqual([1, 2]);
  expect(errors).toHaveLength(2);
});

/** At this point every reader is at the end of the log: nothing here waits for more than promises. */
const atEnd = () => new Promise(resolve => setImmediate(resolve));

test('a reader who stops reading is detached and loses nothing; too often, and their stream ends', async () => {
  const { log, join } = setUp();
  const [slow, well] = [join('a'), join('a')];
  for (let round = 0; round < 2; round++) {
    await atEnd();
    const from = log.position;
    slow.ear.waitingBytes = 1_000;
    log.add(4);
    await well.ear.until(() => well.ear.heard.length === log.position);
    expect(slow.ear.heard).toHaveLength(from);
    slow.ear.drain();
    await slow.ear.until(() => slow.ear.heard.length === log.position);
    expect(JSON.parse(slow.ear.heard[from]!).extensions).toEqual({ lagged: { from, to: log.position } });
  }
  expect(slow.ear.positions).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await atEnd();
  slow.ear.waitingBytes = 1_000;
  log.add();
  await slow.ear.until(() => !slow.ear.isOpen);
  expect(slow.ear.end_).toMatchObject({ error: { code: 'READER_TOO_SLOW' }, position: 8 });
  await well.ear.until(() => well.ear.heard.length === 9);
});

test('a reader who catches up at their own pace is not too slow', async () => {
  const { log, join } = setUp();
  log.add(30);
  const { ear } = join('a', 0);
  while (ear.heard.length < 30) {
    await ear.until(() => ear.heard.length > 0);
    ear.waitingBytes = 1_000;
    const before = ear.heard.length;
    await new Promise(resolve => setImmediate(resolve));
    expect(ear.isOpen).toBe(true);
    ear.drain();
    if (before < 30) await ear.until(() => ear.heard.length > before);
  }
  expect(ear.heard.some(text => text.includes('lagged'))).toBe(false);
});

test('a reader who leaves receives nothing more, and the group ends with its last reader', async () => {
  const { log, group, join, emptied } = setUp();
  const [one, other] = [join('a'), join('b')];
  log.add();
  await Promise.all([one, other].map(({ ear }) => ear.until(() => ear.heard.length === 1)));
  group.leave(one.member);
  log.add();
  await other.ear.until(() => other.ear.heard.length === 2);
  expect([one.ear.heard.length, emptied()]).toEqual([1, 0]);
  group.leave(other.member);
  group.leave(other.member);
  expect([group.size, emptied()]).toEqual([0, 1]);
});

test('a reader who may not have an event ends before it, with a cursor; the others of the group go on', async () => {
  const enough = new HubError('QUOTA_REACHED', 'enough for today');
  let seen = 0;
  const note: Note = async readers => {
    seen += 1;
    return new Map(seen > 2 && readers.includes('tired') ? [['tired', enough]] : []);
  };
  const { log, join, group } = setUp(() => null, note);
  const [tired, fresh] = [join('a', 0, 'tired'), join('a', 0, 'fresh')];
  for (let i = 0; i < 4; i++) {
    log.add();
    await fresh.ear.until(() => fresh.ear.heard.length === i + 1);
  }
  expect(tired.ear.positions).toEqual([1, 2]);
  expect(tired.ear.end_).toMatchObject({ error: enough, position: 2, cursor: expect.any(String) });
  expect([fresh.ear.positions, group.size]).toEqual([[1, 2, 3, 4], 1]);
});

test('readers whose budget is spent end with their cursor; who tests no related rows is never charged', async () => {
  const spent = new HubError('RATE_LIMITED', 'spent', { retryAfterMs: 1_000 });
  const charged: string[] = [];
  const { log, join } = setUp(() => null, null, {
    tests: filter => (filter === 'free' ? 0 : 1),
    charge: ({ filter }, changes, readers) => {
      charged.push(`${filter} ${changes} ${readers.length}`);
      return new Map(readers.filter(reader => reader === 'poor').map(reader => [reader, spent]));
    },
  });
  const [free, rich, poor] = [join('free'), join('tested'), join('tested', 0, 'poor')];
  log.add();
  await poor.ear.until(() => !poor.ear.isOpen);
  for (const { ear } of [free, rich]) await ear.until(() => ear.heard.length === 1);
  expect(poor.ear.end_).toMatchObject({ error: { code: 'RATE_LIMITED' }, position: 0 });
  expect(charged).toEqual(['tested 1 2']);
});

test('a filter with many tests of related rows is a cohort of its own, and holds up nobody', async () => {
  const held = Promise.withResolvers<never>();
  const { log, join } = setUp(
    () => null,
    null,
    { tests: filter => (filter === 'heavy' ? 5 : 1) },
    filters => (filters.includes('heavy') ? held.promise : Promise.resolve()),
  );
  const [heavy, light] = [join('heavy'), join('light')];
  log.add(3);
  await light.ear.until(() => light.ear.heard.length === 3);
  expect(heavy.ear.heard).toHaveLength(0);
  held.reject(new SlowFilters(new Error('a time-out')));
  await heavy.ear.until(() => !heavy.ear.isOpen);
  expect(heavy.ear.end_).toMatchObject({ error: { code: 'LIMIT_EXCEEDED' }, position: 0 });
});

test('after a time-out filters with tests of related rows go on alone, and the others are tried again', async () => {
  const tested: string[] = [];
  const { log, join } = setUp(
    () => null,
    null,
    { tests: filter => (filter === 'plain' ? 0 : 1) },
    async filters => {
      tested.push(filters.join());
      if (filters.length > 1) throw new SlowFilters(new Error('a time-out'));
    },
  );
  const readers = ['plain', 'one', 'other'].map(filter => join(filter));
  log.add();
  for (const { ear } of readers) await ear.until(() => ear.heard.length === 1);
  expect(tested[0]).toBe('plain,one,other');
  expect(tested.slice(1).sort()).toEqual(['one', 'other', 'plain']);
});
