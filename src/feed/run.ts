/** Readers who are at the same position of the log, and read on together. */
import type { Answer, FeedEvent, Lane } from './group-work.ts';
import type { Member } from './member.ts';

export class Run<F, R> {
  readonly members = new Map<Member<R>, Lane<F, R>>();
  readonly ending = new AbortController();
  state: 'gathering' | 'reading' | 'idle' = 'gathering';
  constructor(public position: number) {}
}

/** An event, and what its readers are given of it. */
export interface Given<F, R> {
  readonly event: FeedEvent<F, R>;
  readonly answer: Answer<R>;
}
export type ByLane<F, R> = ReadonlyMap<Lane<F, R>, readonly Member<R>[]>;
/** How far somebody is who was given the event. */
export const reachedBy = ({ position, partial }: Pick<FeedEvent<unknown, unknown>, 'position' | 'partial'>): number =>
  partial ? position - 1 : position;
