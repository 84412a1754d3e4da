/** What a subscription field asks for, on its way through graphql-js to the desk that serves it. */
import type { StoredNoun } from '../catalog/catalog.ts';
import type { Where } from '../query/filters.ts';

/** Which changes: all without a word. */
export interface ChangesFilter {
  /** By kind, of which rows; other kinds are not told. */
  readonly where: Readonly<Record<string, Where>> | null;
  readonly agencies: readonly string[] | null;
  readonly kinds: readonly string[] | null;
  readonly caseNo: string | null;
}
/** Which rows, in which order the first time. */
export interface BoardFilter {
  readonly where: Where | null;
  readonly orderBy: readonly string[];
}

export type Asked =
  | { readonly stream: 'changes'; readonly filter: ChangesFilter; readonly oldest: boolean }
  | { readonly stream: 'board'; readonly noun: StoredNoun; readonly filter: BoardFilter };

/** graphql-js takes it for a source of events, but nobody reads one here: groups of readers share their events. */
export class FeedRequest implements AsyncIterable<never> {
  constructor(
    readonly asked: Asked,
    /** The cursor behind which to go on. */
    readonly after: string | null,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<never> {
    throw new Error('Streams are served by their group');
  }
}
