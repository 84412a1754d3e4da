/** The parts of a graphql-ws client that are used; versions 5 and 6 both fit. */
export interface StreamClient {
  subscribe(payload: never, sink: never): () => void;
  on(event: never, listener: never): () => void;
  terminate(): void;
}

/**
 * A place where cursors outlive the page: localStorage, a file. Keyed by the operation's name, so give operations
 * different names.
 */
export interface CursorStore {
  read(operation: string): string | null | undefined | Promise<string | null | undefined>;
  /** Called once an event has been processed; null while there is nothing to go on from. */
  write(operation: string, cursor: string | null): void;
}

export interface ResumableOptions {
  /**
   * Without it cursors are kept in memory only. A board whose rows are not stored beside its cursor must begin anew:
   * then give none.
   */
  readonly cursors?: CursorStore;
  /**
   * Whether a stream that cannot continue begins anew: a board shows its next SNAPSHOT from page 0; `changes` continues
   * from now, and what lies between is missed. Without it, or when it returns false, the application gets the error.
   *
   * @param code CURSOR_EXPIRED, CURSOR_FOREIGN, CURSOR_MALFORMED or RIGHTS_CHANGED
   */
  readonly beginAnew?: (code: string) => boolean;
  /**
   * Fetches a fresh token, which `connectionParams` gives from then on. It is called once when the hub refuses the token
   * or the token has expired (4401, TOKEN_EXPIRED), before the streams go on over a new connection. If the hub refuses
   * the fresh token as well, or this fails, the application gets the error. Without it `connectionParams` is asked again.
   */
  readonly renewToken?: () => unknown;
  /** Called when a message was missing; the client fetches it by itself. */
  readonly onGap?: () => void;
}

/**
 * A client whose subscriptions continue by themselves at their last processed cursor: after lost connections, deploys,
 * expired and refused tokens (see `renewToken`) and after they were too slow. What has been processed does
 * not come twice. It takes the place of the graphql-ws client in Apollo Client's GraphQLWsLink and in urql's
 * subscriptionExchange. Operations need a variable `$after: String` and must select `cursor` and `position`, boards
 * `type` too.
 */
export function resumable<C extends StreamClient>(client: C, options?: ResumableOptions): C;
