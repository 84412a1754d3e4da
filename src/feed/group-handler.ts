/** Callbacks by which the API gives changes their meaning; the feed itself knows neither schema nor policy. */
import type { HubError } from '../domain/error-codes.ts';
import type { Member } from './member.ts';
import type { Payload } from './payload.ts';
import type { Change } from './tail.ts';

/** Readers with the same filter. */
export interface FilterGroup<F, R> {
  readonly filter: F;
  readonly members: Set<Member<R>>;
  /** As the handler counts them. */
  readonly relationTests: number;
  /** Aborted when its last member has left. */
  readonly ending: AbortController;
  /** Its members are no cohort with others, who would wait for its filter. */
  isAlone: boolean;
}
/** An event that is delivered to readers. */
export interface FeedEvent<F, R> {
  readonly position: number;
  /** Another event of the same position follows: a reader who has only this one resumes before it. */
  readonly partial: boolean;
  readonly filterGroups: readonly FilterGroup<F, R>[];
  readonly root: object;
}
export interface EventAnswer<R> {
  readonly payload: Payload;
  /**
   * Must succeed for readers before the answer is sent to them; null if nothing has to be noted. The text is that of
   * the one reader, or without a cursor. Resolves with the readers who may not have the answer, and why.
   */
  readonly note: ((readers: readonly R[], text: string) => Promise<ReadonlyMap<R, HubError>>) | null;
}
export interface Snapshot<R> {
  readonly position: number;
  /** Pages are read again when they have become old. */
  readonly pages: readonly (() => Promise<EventAnswer<R>>)[];
  readonly ready: EventAnswer<R>;
}
/** The group handler, which the API provides. */
export interface GroupHandler<F, R> {
  /**
   * The events of changes for each filter group, in order. Throws if a filter cannot be applied, and `SlowFilters` if
   * they cannot be tested in time. When the signal aborts, nobody waits for the events any more.
   */
  eventsOf(
    changes: readonly Change[],
    filterGroups: readonly FilterGroup<F, R>[],
    signal: AbortSignal,
  ): Promise<readonly FeedEvent<F, R>[]>;
  /** How many tests of related rows a filter has; 0: it needs only the row itself, and is no burden to anybody. */
  relationTests(filter: F): number;
  /** Charges readers for testing changes by their filter; returns those whose budget is spent, and the error. */
  charge(filterGroup: FilterGroup<F, R>, changes: number, readers: readonly R[]): ReadonlyMap<R, HubError>;
  answer(event: FeedEvent<F, R>): Promise<EventAnswer<R>>;
  /** Null for streams that have no state. */
  snapshot: ((filterGroup: FilterGroup<F, R>) => Promise<Snapshot<R>>) | null;
  /** Makes an event about the lag; null if the lag is sent with the next event. */
  lagged: ((from: number, to: number) => Promise<EventAnswer<R>>) | null;
}
