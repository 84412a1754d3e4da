/** What a group of readers does with the log, which the feed does not know: it is told in these words. */
import type { HubError } from '../domain/error-codes.ts';
import type { Member } from './member.ts';
import type { Payload } from './payload.ts';
import type { Change } from './tail.ts';

/** Readers with the same filter. */
export interface Lane<F, R> {
  readonly filter: F;
  readonly members: Set<Member<R>>;
}
/** Something that readers are told. */
export interface FeedEvent<F, R> {
  readonly position: number;
  /** Another event of the same position follows: who has only this one goes on before it. */
  readonly partial: boolean;
  readonly lanes: readonly Lane<F, R>[];
  readonly root: object;
}
export interface Answer<R> {
  readonly payload: Payload;
  /**
   * Must succeed for readers before the answer leaves to them; null where nothing has to be noted. The text is that of
   * the one reader, or without anybody's cursor. Resolves with those who may not have the answer, and why.
   */
  readonly note: ((readers: readonly R[], text: string) => Promise<ReadonlyMap<R, HubError>>) | null;
}
export interface Snapshot<R> {
  readonly position: number;
  /** Made anew when they have become old. */
  readonly pages: readonly (() => Promise<Answer<R>>)[];
  readonly ready: Answer<R>;
}
/** What a group does, which the feed does not know. */
export interface GroupWork<F, R> {
  /** What changes mean for each lane, in order. Throws what a filter cannot do. */
  eventsOf(changes: readonly Change[], lanes: readonly Lane<F, R>[]): Promise<readonly FeedEvent<F, R>[]>;
  answer(event: FeedEvent<F, R>): Promise<Answer<R>>;
  /** Null for streams that have no state. */
  snapshot: ((lane: Lane<F, R>) => Promise<Snapshot<R>>) | null;
  /** An event of its own; null where it is told beside the next one. */
  lagged: ((from: number, to: number) => Promise<Answer<R>>) | null;
}
