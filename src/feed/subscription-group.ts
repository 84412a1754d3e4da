/**
 * A subscription group: readers who see the same share one execution and one text for each event, however many they
 * are. Filter groups hold those with the same filter. Nobody has a queue: readers who cannot follow are detached from
 * their cohort, and return to the log when they can.
 */
import { HubError } from '../domain/error-codes.ts';
import { type ByFilterGroup, Cohort, type EventDelivery, reachedBy } from './cohort.ts';
import type { CursorOwner, Cursors } from './cursors.ts';
import type { EventAnswer, FeedEvent, FilterGroup, GroupHandler } from './group-handler.ts';
import type { EndOfStream, Member } from './member.ts';
import type { Payload } from './payload.ts';
import { SlowFilters } from './slow-filters.ts';
import type { Change, Tail } from './tail.ts';
import { isTransient } from './transient-failure.ts';

export interface GroupLimits {
  /** Unread bytes above which a reader is detached. */
  readonly budgetBytes: number;
  /** A stream ends after more slow-consumer strikes than this within a minute. */
  readonly strikes: number;
  /** Most changes that are processed together. */
  readonly windowSize: number;
}
export interface GroupParts<F, R> {
  readonly handler: GroupHandler<F, R>;
  readonly tail: Tail;
  readonly cursors: Cursors;
  readonly limits: GroupLimits;
  readonly onError: (error: unknown) => void;
  /** Called when no reader is left. */
  readonly onEmpty: () => void;
}

/** Concurrent executions. */
const concurrency = 8;
/** Cohorts that catch up concurrently; readers who come later gather in another one. */
const maxCatchUps = 2;
const strikesWithinMs = 60_000;
const retryMs = 250;
/** A filter with more tests of related rows than this is tested alone. */
const sharedRelationTests = 4;

export class SubscriptionGroup<F, R> {
  private readonly filterGroups = new Map<string, FilterGroup<F, R>>();
  private readonly cohorts = new Set<Cohort<F, R>>();
  private readonly cohortOf = new Map<Member<R>, Cohort<F, R>>();

  constructor(private readonly parts: GroupParts<F, R>) {}

  get size(): number {
    let members = 0;
    for (const { members: some } of this.filterGroups.values()) members += some.size;
    return members;
  }
  /** Any one of the readers, since all see the same. */
  get reader(): R | null {
    for (const { members } of this.filterGroups.values()) for (const { reader } of members) return reader;
    return null;
  }

  /** Serves a member until it leaves or ends. Without a position it gets the snapshot first. */
  join(member: Member<R>, filterKey: string, filter: F): void {
    const filterGroup = this.filterGroups.get(filterKey) ?? this.makeFilterGroup(filter);
    this.filterGroups.set(filterKey, filterGroup);
    filterGroup.members.add(member);
    if (member.position !== null) this.follow(member, filterGroup);
    else this.begin(member, filterGroup).catch(error => this.fail(member, error));
  }

  private makeFilterGroup(filter: F): FilterGroup<F, R> {
    const relationTests = this.parts.handler.relationTests(filter);
    const isAlone = relationTests > sharedRelationTests;
    return { filter, members: new Set(), relationTests, ending: new AbortController(), isAlone };
  }

  leave(member: Member<R>): void {
    const cohort = this.cohortOf.get(member);
    this.cohortOf.delete(member);
    cohort?.members.delete(member);
    if (cohort && !cohort.members.size) {
      this.cohorts.delete(cohort);
      cohort.ending.abort();
    }
    for (const [key, filterGroup] of this.filterGroups) {
      if (!filterGroup.members.delete(member) || filterGroup.members.size) continue;
      this.filterGroups.delete(key);
      filterGroup.ending.abort();
      if (!this.filterGroups.size) this.parts.onEmpty();
    }
  }

  /** Ends a member's operation with an error that says where it can resume. */
  end(member: Member<R>, error: HubError | null): void {
    this.leave(member);
    if (member.isOpen) member.sink.end(error && this.endOf(member, error));
  }

  private endOf({ position, owner }: Member<R>, error: HubError): EndOfStream {
    // Under other rights the cursor would be refused.
    const goesOn = position !== null && error.code !== 'RIGHTS_CHANGED';
    return { error, position, cursor: goesOn ? this.parts.cursors.sign(position, owner) : null };
  }

  private fail(member: Member<R>, error: unknown): void {
    if (!(error instanceof HubError)) this.parts.onError(error);
    const told = error instanceof HubError ? error : new HubError('INTERNAL', 'The stream failed; go on at its cursor');
    this.end(member, told);
  }

  private async begin(member: Member<R>, filterGroup: FilterGroup<F, R>): Promise<void> {
    const { position, pages, ready } = await this.parts.handler.snapshot!(filterGroup);
    for (const page of pages) {
      await this.waitForRoom(member);
      if (!filterGroup.members.has(member)) return;
      await this.deliverAlone(member, await page(), null);
    }
    await this.waitForRoom(member);
    if (!filterGroup.members.has(member)) return;
    await this.deliverAlone(member, ready, position);
    if (filterGroup.members.has(member)) this.follow(member, filterGroup);
  }

  private async waitForRoom({ sink }: Member<R>): Promise<void> {
    while (sink.isOpen && sink.waitingBytes > this.parts.limits.budgetBytes) await sink.drained();
  }

  private follow(member: Member<R>, filterGroup: FilterGroup<F, R>): void {
    const { position } = member as { position: number };
    const alone = filterGroup.isAlone ? filterGroup : null;
    const cohorts = [...this.cohorts].filter(each => each.alone === alone);
    let cohort =
      cohorts.find(each => each.state === 'idle' && each.position === position) ??
      cohorts.find(each => each.state === 'gathering');
    if (!cohort) {
      cohort = new Cohort<F, R>(position, alone);
      this.cohorts.add(cohort);
    }
    // A member who is ahead of the others of their cohort skips the events that they already have.
    if (cohort.state === 'gathering') cohort.position = Math.min(cohort.position, position);
    cohort.members.set(member, filterGroup);
    this.cohortOf.set(member, cohort);
    if (cohort.state === 'gathering') queueMicrotask(() => this.startNext(alone !== null));
  }

  /** Starts the next one of the cohorts that are alone, or of the others. */
  private startNext(isAlone: boolean): void {
    const cohorts = [...this.cohorts].filter(({ alone }) => (alone !== null) === isAlone);
    const reading = cohorts.filter(cohort => cohort.state === 'reading').length;
    const next = cohorts.find(cohort => cohort.state === 'gathering');
    if (!next || reading >= maxCatchUps) return;
    next.state = 'reading';
    this.drive(next)
      .catch(error => {
        for (const member of [...next.members.keys()]) this.fail(member, error);
      })
      .finally(() => {
        this.cohorts.delete(next);
        this.startNext(isAlone);
      });
  }

  private async drive(cohort: Cohort<F, R>): Promise<void> {
    const { tail, limits } = this.parts;
    while (cohort.members.size) {
      const changes = await this.retryTransient(cohort, () => tail.after(cohort.position, limits.windowSize));
      if (!changes) continue;
      if (changes.length) {
        await this.deliver(cohort, changes);
        continue;
      }
      for (const member of cohort.members.keys()) member.isCatchingUp = false;
      const other = [...this.cohorts].find(
        each =>
          each !== cohort && each.alone === cohort.alone && each.state === 'idle' && each.position === cohort.position,
      );
      if (other) return this.merge(cohort, other);
      cohort.state = 'idle';
      this.startNext(cohort.alone !== null);
      await tail.more(cohort.position, cohort.ending.signal);
      // When the hub stops, its sockets are closed by the code that opened them.
      if (tail.hasStopped) return;
      cohort.state = 'reading';
    }
  }

  private merge(cohort: Cohort<F, R>, other: Cohort<F, R>): void {
    for (const [member, filterGroup] of cohort.members) {
      other.members.set(member, filterGroup);
      this.cohortOf.set(member, other);
    }
    cohort.members.clear();
  }

  private async deliver(cohort: Cohort<F, R>, changes: readonly Change[]): Promise<void> {
    const byFilterGroup = Map.groupBy(cohort.members.keys(), member => cohort.members.get(member)!);
    const events = await this.eventsOf(cohort, changes, [...byFilterGroup.keys()]);
    if (!events) return;
    this.charge(byFilterGroup, changes.length);
    for (let from = 0; from < events.length; from += concurrency) {
      const some = events.slice(from, from + concurrency);
      const answers = await this.retryTransient(cohort, () =>
        Promise.all(some.map(event => this.parts.handler.answer(event))),
      );
      if (!answers) return;
      // The audit entries of all these answers are made together, in one write of the log.
      const given = some.map((event, i) => ({ event, answer: answers[i]! }));
      const noted = await Promise.all(given.map(one => this.noteFor(cohort, one, byFilterGroup)));
      for (const [i, one] of given.entries()) this.deliverOne(cohort, one, byFilterGroup, noted[i]!);
    }
    cohort.position = changes.at(-1)!.position;
    for (const member of cohort.members.keys()) member.position = Math.max(member.position!, cohort.position);
  }

  /** A reader whose budget does not suffice for their filter goes on at their cursor when it does. */
  private charge(byFilterGroup: ByFilterGroup<F, R>, changes: number): void {
    const { handler } = this.parts;
    for (const [filterGroup, members] of byFilterGroup) {
      if (!filterGroup.relationTests) continue;
      const refused = handler.charge(
        filterGroup,
        changes,
        members.map(({ reader }) => reader),
      );
      for (const member of members) if (refused.has(member.reader)) this.fail(member, refused.get(member.reader));
    }
  }

  /** If a filter throws, only its filter group ends. Returns null if the same changes have to be processed again. */
  private async eventsOf(cohort: Cohort<F, R>, changes: readonly Change[], filterGroups: readonly FilterGroup<F, R>[]) {
    const { handler } = this.parts;
    try {
      return await handler.eventsOf(changes, filterGroups, cohort.ending.signal);
    } catch (error) {
      if (cohort.ending.signal.aborted) return null;
      if (error instanceof SlowFilters && !cohort.alone) return this.setApart(cohort, filterGroups, error);
      if (isTransient(error)) return this.retryTransient(cohort, () => Promise.reject(error));
      if (filterGroups.length === 1) {
        for (const member of [...filterGroups[0]!.members]) this.fail(member, error);
        return null;
      }
      for (const filterGroup of filterGroups) {
        await handler.eventsOf(changes, [filterGroup], cohort.ending.signal).catch(async fault => {
          if (!isTransient(fault) && !(fault instanceof SlowFilters))
            for (const member of [...filterGroup.members]) this.fail(member, fault);
        });
      }
      return null;
    }
  }

  /**
   * After a time-out of filters that were tested together: those that test related rows go on alone, each in its own
   * time. What the others need is found by the ids of rows, so it is the database that is slow, and they wait for it.
   */
  private async setApart(
    cohort: Cohort<F, R>,
    filterGroups: readonly FilterGroup<F, R>[],
    error: SlowFilters,
  ): Promise<null> {
    const apart = filterGroups.filter(({ relationTests }) => relationTests > 0);
    for (const filterGroup of apart) filterGroup.isAlone = true;
    for (const [member, filterGroup] of [...cohort.members]) {
      if (!filterGroup.isAlone) continue;
      cohort.members.delete(member);
      this.follow(member, filterGroup);
    }
    return apart.length ? null : this.pauseAfter(cohort, error);
  }

  /** Returns null after a transient failure: readers wait for the database, and nothing is lost. */
  private async retryTransient<T>(cohort: Cohort<F, R>, read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (!isTransient(error)) throw error;
      return this.pauseAfter(cohort, error);
    }
  }
  private async pauseAfter(cohort: Cohort<F, R>, error: unknown): Promise<null> {
    this.parts.onError(error);
    await new Promise(resolve => setTimeout(resolve, retryMs));
    if (this.parts.tail.hasStopped) cohort.members.clear();
    return null;
  }

  /** Members to whom the event may be sent; null if nothing of it has to be noted. */
  private async noteFor(
    cohort: Cohort<F, R>,
    { event, answer }: EventDelivery<F, R>,
    byFilterGroup: ByFilterGroup<F, R>,
  ) {
    if (!answer.note) return null;
    const due = [...this.due(cohort, event, byFilterGroup)].filter(member => !this.isBehind(member));
    return new Set(await this.note(due, answer, reachedBy(event)));
  }

  private deliverOne(
    cohort: Cohort<F, R>,
    { event, answer: { payload } }: EventDelivery<F, R>,
    byFilterGroup: ByFilterGroup<F, R>,
    noted: ReadonlySet<Member<R>> | null,
  ): void {
    const given: Member<R>[] = [];
    for (const member of this.due(cohort, event, byFilterGroup)) {
      if (this.isBehind(member) || (noted && !noted.has(member))) this.detach(cohort, member);
      else given.push(member);
    }
    this.send(given, payload, reachedBy(event));
  }

  private *due(
    cohort: Cohort<F, R>,
    { position, filterGroups }: FeedEvent<F, R>,
    byFilterGroup: ByFilterGroup<F, R>,
  ): Iterable<Member<R>> {
    for (const filterGroup of filterGroups) {
      for (const member of byFilterGroup.get(filterGroup) ?? []) {
        if (member.position! < position && cohort.members.has(member)) yield member;
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
   * Makes one audit entry for all to whom the same is sent, and returns the members who may have it. Members whose
   * entry fails, or who have reached a quota, are ended: they resume before what they did not get.
   */
  private async note(
    members: readonly Member<R>[],
    { payload, note }: EventAnswer<R>,
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

  /** Sends a page or a message about the stream itself, outside of any cohort. */
  private async deliverAlone(member: Member<R>, answer: EventAnswer<R>, reached: number | null): Promise<void> {
    if (answer.note && !(await this.note([member], answer, reached)).length) return;
    this.send([member], answer.payload, reached);
  }

  /**
   * Detaches a member from its cohort, so that it costs nothing; what it misses is in the log. A member that is still
   * catching up at its own pace gets no strike.
   */
  private detach(cohort: Cohort<F, R>, member: Member<R>): void {
    const filterGroup = cohort.members.get(member)!;
    cohort.members.delete(member);
    this.cohortOf.delete(member);
    const { strikes } = this.parts.limits;
    const isStrike = !member.isCatchingUp;
    if (isStrike && member.strike(strikesWithinMs) > strikes) {
      const message = `You fell behind over ${strikes} times in a minute: resume at the cursor when you can keep up`;
      this.end(member, new HubError('READER_TOO_SLOW', message));
    } else this.catchUp(member, filterGroup, isStrike).catch(error => this.fail(member, error));
  }

  private async catchUp(member: Member<R>, filterGroup: FilterGroup<F, R>, isStrike: boolean): Promise<void> {
    member.isCatchingUp = true;
    await member.sink.drained();
    if (!filterGroup.members.has(member) || !member.isOpen) return;
    if (isStrike) await this.sendLag(member);
    if (filterGroup.members.has(member)) this.follow(member, filterGroup);
  }

  private async sendLag(member: Member<R>): Promise<void> {
    const { handler, tail } = this.parts;
    const [from, to] = [member.position!, tail.position];
    if (handler.lagged) await this.deliverAlone(member, await handler.lagged(from, to), null);
    else member.lagged = { from, to };
  }
}
