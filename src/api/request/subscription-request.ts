/** What a subscription field asks for; graphql-js hands it on to the registry of subscriptions. */
import type { StoredNoun } from '../../catalog/catalog.ts';
import type { Where } from '../../query/filters.ts';

/** Which changes are asked for; null means any. */
export interface ChangesFilter {
  /** By kind, which rows; changes of other kinds are not sent. */
  readonly where: Readonly<Record<string, Where>> | null;
  readonly agencies: readonly string[] | null;
  readonly kinds: readonly string[] | null;
  readonly caseNo: string | null;
}
/** Which rows, and the order of the snapshot. */
export interface BoardFilter {
  readonly where: Where | null;
  readonly orderBy: readonly string[];
}

export type SubscribedField =
  | { readonly stream: 'changes'; readonly filter: ChangesFilter; readonly oldest: boolean }
  | { readonly stream: 'board'; readonly noun: StoredNoun; readonly filter: BoardFilter };

/**
 * graphql-js takes this for a source of events, but nobody reads it: subscription groups send events to their readers.
 */
export class SubscriptionRequest implements AsyncIterable<never> {
  constructor(
    readonly asked: SubscribedField,
    /** The cursor after which the stream continues. */
    readonly after: string | null,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<never> {
    throw new Error('Streams are served by their group');
  }
}
