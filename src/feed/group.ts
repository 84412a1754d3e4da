/**
 * Readers who see the same: one execution and one text for each event, however many they are. Lanes are their different
 * filters. Nobody has a queue: readers who cannot follow leave the run, and come back to the log when they can.
 */
import { HubError } from '../domain/error-codes.ts';
import type { CursorOwner, Cursors } from './cursors.ts';
import type { Answer, FeedEvent, GroupWork, Lane } from './group-work.ts';
import type { EndOfStream, Member } from './member.ts';
import { isPassing } from './passing-failure.ts';
import type { Payload } from './payload.ts';
import { type ByLane, type Given, Run, reachedBy } from './run.ts';
import type { Change, Tail } from './tail.ts';

export interface GroupLimits {
  /** Unread bytes from which on a reader is left behind. */
  readonly budgetBytes: number;
  /** Left behind so often within a minute, a stream ends. */
  readonly relapses: number;
  /** Changes that are looked at together. */
  readonly windowSize: number;
}
export interface GroupParts<F, R> {
  readonly work: GroupWork<F, R>;
  readonly tail: Tail;
  readonly cursors: Cursors;
  readonly limits: GroupLimits;
  readonly onError: (error: unknown) => void;
  /** Nobody is left. */
  readonly onEmpty: () => void;
}

/** Executions under way at a time. */
const atOnce = 8;
/** Runs that catch up at a time; who comes later gathers. */
const mostCatchUps = 2;
const relapsesWithinMs = 60_000;
const retryMs = 250;

export class Group<F, R> {
  private readonly lanes = new Map<string, Lane<F, R>>();
  private readonly runs = new Set<Run<F, R>>();
  private readonly runOf = new Map<Member<R>, Run<F, R>>();

  constructor(private readonly parts: GroupParts<F, R>) {}

  get size(): number {
    let members = 0;
    for (const { members: some } of this.lanes.values()) members += some.size;
    return members;
  }
  /** Any one of the readers: they see the same. */
  get reader(): R | null {
    for (const { members } of this.lanes.values()) for (const { reader } of members) return reader;
    return null;
  }

  /** Serves a member until it leaves or ends. Without a position it gets the snapshot first. */
  join(member: Member<R>, laneKey: string, filter: F): void {
    const lane = this.lanes.get(laneKey) ?? { filter, members: new Set<Member<R>>() };
    this.lanes.set(laneKey, lane);
    lane.members.add(member);
    if (member.position !== null) this.follow(member, lane);
    else this.begin(member, lane).catch(error => this.fail(member, error));
  }

  leave(member: Member<R>): void {
    const run = this.runOf.get(member);
    this.runOf.delete(member);
    run?.members.delete(member);
    if (run && !run.members.size) {
      this.runs.delete(run);
      run.ending.abort();
    }
    for (const [key, lane] of this.lanes) {
      if (!lane.members.delete(member) || lane.members.size) continue;
      this.lanes.delete(key);
      if (!this.lanes.size) this.parts.onEmpty();
    }
  }

  /** Ends a member's operation with where it goes on. */
  end(member: Member<R>, error: HubError | null): void {
    this.leave(member);
    if (member.isOpen) member.sink.end(error && this.endOf(member, error));
  }

  private endOf({ position, owner }: Member<R>, error: HubError): EndOfStream {
    // Under other rights the cursor would be foreign.
    const goesOn = position !== null && error.code !== 'RIGHTS_CHANGED';
    return { error, position, cursor: goesOn ? this.parts.cursors.sign(position, owner) : null };
  }

  private fail(member: Member<R>, error: unknown): void {
    if (!(error instanceof HubError)) this.parts.onError(error);
    const told = error instanceof HubError ? error : new HubError('INTERNAL', 'The stream failed; go on at its cursor');
    this.end(member, told);
  }

  private async begin(member: Member<R>, lane: Lane<F, R>): Promise<void> {
    const { position, pages, ready } = await this.parts.work.snapshot!(lane);
    for (const page of pages) {
      await this.room(member);
      if (!lane.members.has(member)) return;
      await this.give(member, await page(), null);
    }
    await this.room(member);
    if (!lane.members.has(member)) return;
    await this.give(member, ready, position);
    if (lane.members.has(member)) this.follow(member, lane);
  }

  private async room({ sink }: Member<R>): Promise<void> {
    while (sink.isOpen && sink.waitingBytes > this.parts.limits.budgetBytes) await sink.drained();
  }

  private follow(member: Member<R>, lane: Lane<F, R>): void {
    const { position } = member as { position: number };
    const runs = [...this.runs];
    let run = runs.find(r => r.state === 'idle' && r.position === position) ?? runs.find(r => r.state === 'gathering');
    if (!run) {
      run = new Run<F, R>(position);
      this.runs.add(run);
    }
    // Who is ahead of the others of his run skips what he has.
    if (run.state === 'gathering') run.position = Math.min(run.position, position);
    run.members.set(member, lane);
    this.runOf.set(member, run);
    if (run.state === 'gathering') queueMicrotask(() => this.startNext());
  }

  private startNext(): void {
    const reading = [...this.runs].filter(run => run.state === 'reading').length;
    const next = [...this.runs].find(run => run.state === 'gathering');
    if (!next || reading >= mostCatchUps) return;
    next.state = 'reading';
    this.drive(next)
      .catch(error => {
        for (const member of [...next.members.keys()]) this.fail(member, error);
      })
      .finally(() => {
        this.runs.delete(next);
        this.startNext();
      });
  }

  private async drive(run: Run<F, R>): Promise<void> {
    const { tail, limits } = this.parts;
    while (run.members.size) {
      const changes = await this.persist(run, () => tail.after(run.position, limits.windowSize));
      if (!changes) continue;
      if (changes.length) {
        await this.deliver(run, changes);
        continue;
      }
      for (const member of run.members.keys()) member.isCatchingUp = false;
      const other = [...this.runs].find(r => r !== run && r.state === 'idle' && r.position === run.position);
      if (other) return this.merge(run, other);
      run.state = 'idle';
      this.startNext();
      await tail.more(run.position, run.ending.signal);
      // The hub stops: its sockets are closed by whoever opened them.
      if (tail.hasStopped) return;
      run.state = 'reading';
    }
  }

  private merge(run: Run<F, R>, other: Run<F, R>): void {
    for (const [member, lane] of run.members) {
      other.members.set(member, lane);
      this.runOf.set(member, other);
    }
    run.members.clear();
  }

  private async deliver(run: Run<F, R>, changes: readonly Change[]): Promise<void> {
    const byLane = Map.groupBy(run.members.keys(), member => run.members.get(member)!);
    const events = await this.eventsOf(run, changes, [...byLane.keys()]);
    if (!events) return;
    for (let from = 0; from < events.length; from += atOnce) {
      const some = events.slice(from, from + atOnce);
      const answers = await this.persist(run, () => Promise.all(some.map(event => this.parts.work.answer(event))));
      if (!answers) return;
      // What has to be noted of them is noted together: one write of the log for all.
      const given = some.map((event, i) => ({ event, answer: answers[i]! }));
      const noted = await Promise.all(given.map(one => this.noteFor(run, one, byLane)));
      for (const [i, one] of given.entries()) this.handOut(run, one, byLane, noted[i]!);
    }
    run.position = changes.at(-1)!.position;
    for (const member of run.members.keys()) member.position = Math.max(member.position!, run.position);
  }

  /** A lane whose filter throws ends alone. Null when the same changes have to be looked at again. */
  private async eventsOf(run: Run<F, R>, changes: readonly Change[], lanes: readonly Lane<F, R>[]) {
    const { work } = this.parts;
    try {
      return await work.eventsOf(changes, lanes);
    } catch (error) {
      if (isPassing(error)) return this.persist(run, () => Promise.reject(error));
      if (lanes.length === 1) {
        for (const member of [...lanes[0]!.members]) this.fail(member, error);
        return null;
      }
      for (const lane of lanes) {
        await work.eventsOf(changes, [lane]).catch(async fault => {
          if (!isPassing(fault)) for (const member of [...lane.members]) this.fail(member, fault);
        });
      }
      return null;
    }
  }

  /** Null after a failure that passes: readers wait for the database, nothing is lost. */
  private async persist<T>(run: Run<F, R>, read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.parts.onError(error);
      await new Promise(resolve => setTimeout(resolve, retryMs));
      if (this.parts.tail.hasStopped) run.members.clear();
      return null;
    }
  }

  /** Members who may be given the event; null: nothing of it has to be noted. */
  private async noteFor(run: Run<F, R>, { event, answer }: Given<F, R>, byLane: ByLane<F, R>) {
    if (!answer.note) return null;
    const due = [...this.due(run, event, byLane)].filter(member => !this.isBehind(member));
    return new Set(await this.note(due, answer, reachedBy(event)));
  }

  private handOut(
    run: Run<F, R>,
    { event, answer: { payload } }: Given<F, R>,
    byLane: ByLane<F, R>,
    noted: ReadonlySet<Member<R>> | null,
  ): void {
    const given: Member<R>[] = [];
    for (const member of this.due(run, event, byLane)) {
      if (this.isBehind(member) || (noted && !noted.has(member))) this.leaveBehind(run, member);
      else given.push(member);
    }
    this.send(given, payload, reachedBy(event));
  }

  private *due(run: Run<F, R>, { position, lanes }: FeedEvent<F, R>, byLane: ByLane<F, R>): Iterable<Member<R>> {
    for (const lane of lanes) {
      for (const member of byLane.get(lane) ?? []) {
        if (member.position! < position && run.members.has(member)) yield member;
      }
    }
  }
  private isBehind({ sink }: Member<R>): boolean {
    return sink.waitingBytes > this.parts.limits.budgetBytes;
  }

  private send(members: readonly Member<R>[], payload: Payload, reached: number | null): void {
    let owner: CursorOwner | null = null;
    let cursor = '';
    for (const member of members) {
      const at = reached ?? member.position;
      if (at !== null && owner !== member.owner && (payload.hasCursor || member.sink.needsCursor)) {
        owner = member.owner;
        cursor = this.parts.cursors.sign(at, owner);
      }
      member.send(payload, cursor);
      if (reached !== null) member.position = reached;
    }
  }

  /**
   * One entry for all who are given the same; who may have it. Whoever cannot be noted, or has seen enough, is ended: they
   * resume before what they were not given.
   */
  private async note(
    members: readonly Member<R>[],
    { payload, note }: Answer<R>,
    reached: number | null,
  ): Promise<readonly Member<R>[]> {
    const [first] = members;
    if (!first) return members;
    const at = reached ?? first.position;
    const own = members.length === 1 && at !== null && (payload.hasCursor || first.sink.needsCursor);
    try {
      const readers = members.map(member => member.reader);
      const refused = await note!(readers, payload.text(own ? this.parts.cursors.sign(at, first.owner) : ''));
      if (!refused.size) return members;
      for (const member of members) if (refused.has(member.reader)) this.fail(member, refused.get(member.reader));
      return members.filter(member => !refused.has(member.reader));
    } catch (error) {
      for (const member of members) this.fail(member, error);
      return [];
    }
  }

  /** Outside of a run: pages, and what is said of the stream itself. */
  private async give(member: Member<R>, answer: Answer<R>, reached: number | null): Promise<void> {
    if (answer.note && !(await this.note([member], answer, reached)).length) return;
    this.send([member], answer.payload, reached);
  }

  /**
   * Out of the run, so that it costs nothing; what it misses is in the log. Who reads what he has missed at his own pace
   * does not fall behind by that.
   */
  private leaveBehind(run: Run<F, R>, member: Member<R>): void {
    const lane = run.members.get(member)!;
    run.members.delete(member);
    this.runOf.delete(member);
    const { relapses } = this.parts.limits;
    const isRelapse = !member.isCatchingUp;
    if (isRelapse && member.relapse(relapsesWithinMs) > relapses) {
      const message = `The stream was left behind ${relapses} times in a minute: go on at its cursor when you can read it`;
      this.end(member, new HubError('READER_TOO_SLOW', message));
    } else this.catchUp(member, lane, isRelapse).catch(error => this.fail(member, error));
  }

  private async catchUp(member: Member<R>, lane: Lane<F, R>, isRelapse: boolean): Promise<void> {
    member.isCatchingUp = true;
    await member.sink.drained();
    if (!lane.members.has(member) || !member.isOpen) return;
    if (isRelapse) await this.tellLag(member);
    if (lane.members.has(member)) this.follow(member, lane);
  }

  private async tellLag(member: Member<R>): Promise<void> {
    const { work, tail } = this.parts;
    const [from, to] = [member.position!, tail.position];
    if (work.lagged) await this.give(member, await work.lagged(from, to), null);
    else member.lagged = { from, to };
  }
}
