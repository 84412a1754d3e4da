/** A cohort: readers who are at the same position of the log, and read on together. */
import type { EventAnswer, FeedEvent, FilterGroup } from './group-handler.ts';
import type { Member } from './member.ts';

export class Cohort<F, R> {
  readonly members = new Map<Member<R>, FilterGroup<F, R>>();
  readonly ending = new AbortController();
  state: 'gathering' | 'reading' | 'idle' = 'gathering';
  constructor(
    public position: number,
    /** The filter group that is a cohort of its own; null: the cohort is open to all others. */
    readonly alone: FilterGroup<F, R> | null,
  ) {}
}

/** An event, and the answer that its readers get. */
export interface EventDelivery<F, R> {
  readonly event: FeedEvent<F, R>;
  readonly answer: EventAnswer<R>;
}
export type ByFilterGroup<F, R> = ReadonlyMap<FilterGroup<F, R>, readonly Member<R>[]>;
/** The position of a reader to whom the event was sent. */
export const reachedBy = ({ position, partial }: Pick<FeedEvent<unknown, unknown>, 'position' | 'partial'>): number =>
  partial ? position - 1 : position;
