/** What of a graphql-ws client is used: any of version 5 or 6. */
export interface StreamClient {
  subscribe(payload: never, sink: never): () => void;
  on(event: never, listener: never): () => void;
  terminate(): void;
}

/** Where cursors outlive the page: localStorage, a file. By the operation's name, so give operations different ones. */
export interface CursorStore {
  read(operation: string): string | null | undefined | Promise<string | null | undefined>;
  /** Called once an event has been processed; null while there is nothing to go on from. */
  write(operation: string, cursor: string | null): void;
}

export interface ResumableOptions {
  /** In memory only without it. A board that is not kept beside its cursor must begin anew: give none. */
  readonly cursors?: CursorStore;
  /**
   * Whether a stream that cannot go on begins anew: a board shows its next SNAPSHOT from page 0; `changes` goes on from
   * now, and what lies between is missed. Without it, or when it says no, the application gets the error.
   *
   * @param code CURSOR_EXPIRED, CURSOR_FOREIGN, CURSOR_MALFORMED or RIGHTS_CHANGED
   */
  readonly beginAnew?: (code: string) => boolean;
  /** A message was missing; it is fetched by itself. */
  readonly onGap?: () => void;
}

/**
 * A client whose subscriptions go on by themselves at their last processed cursor: over lost connections, deploys, expired
 * tokens (`connectionParams` is asked for a new one) and after they were too slow; what has been processed does not come
 * twice. It takes the place of the graphql-ws client in Apollo Client's GraphQLWsLink and in urql's subscriptionExchange.
 * Operations need a variable `$after: String` and must select `cursor` and `position`, boards `type` too.
 */
export function resumable<C extends StreamClient>(client: C, options?: ResumableOptions): C;
