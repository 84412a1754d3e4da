/** Every error that a client can receive, in one closed list. */

export interface ErrorMeaning {
  readonly en: string;
  /** Who must act to remove the cause. */
  readonly who: 'client' | 'administrator' | 'agency';
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
  /** The HTTP status of an answer that is this error as a whole. */
  readonly status: number;
}

export const errorCodes = {
  UNAUTHENTICATED: {
    en: 'The credentials of the request are not accepted; `reason` says why. Sign in, or send none to read as the public',
    who: 'client',
    retry: false,
    status: 401,
  },
  ISSUER_UNAVAILABLE: {
    en: 'The token is signed with a key that the hub does not know, and the issuer of tokens does not answer',
    who: 'administrator',
    retry: true,
    status: 503,
  },
  FORBIDDEN: { en: 'The reader may not see or do this', who: 'client', retry: false, status: 403 },
  FILTER_FORBIDDEN: {
    en: 'The reader sees this field masked, so may not filter or order by it',
    who: 'client',
    retry: false,
    status: 403,
  },
  BAD_USER_INPUT: { en: 'An argument is not what it should be', who: 'client', retry: false, status: 400 },
  CURSOR_MALFORMED: { en: 'The cursor was not made by this hub', who: 'client', retry: false, status: 400 },
  CURSOR_FOREIGN: {
    en: 'The cursor was given to another reader, for another operation, or under other rights',
    who: 'client',
    retry: false,
    status: 400,
  },
  CURSOR_EXPIRED: {
    en: 'The log does not reach back to the cursor; `oldestPosition` is the oldest change that is kept',
    who: 'client',
    retry: false,
    status: 410,
  },
  RIGHTS_CHANGED: {
    en: 'What the reader may see has changed: begin the stream anew',
    who: 'client',
    retry: true,
    status: 409,
  },
  TOKEN_EXPIRED: {
    en: 'The token ran out on an open stream; `cursor` says where to go on with a new one',
    who: 'client',
    retry: true,
    status: 401,
  },
  READER_TOO_SLOW: {
    en: 'The stream was not read fast enough again and again; `cursor` says where to go on',
    who: 'client',
    retry: true,
    status: 503,
  },
  GOING_AWAY: {
    en: 'This process of the hub is stopping; go on at `cursor` after `reconnectAfterMs`',
    who: 'client',
    retry: true,
    status: 503,
  },
  LIMIT_EXCEEDED: { en: 'The request is larger than the role may send', who: 'client', retry: false, status: 400 },
  COST_EXCEEDED: {
    en: 'The request may read more than the role may ask at once',
    who: 'client',
    retry: false,
    status: 400,
  },
  RATE_LIMITED: {
    en: 'The budget of this minute is spent; `retryAfterMs` says when to ask again',
    who: 'client',
    retry: true,
    status: 429,
  },
  BUSY: {
    en: 'More reads wait for the database than can begin in time; `retryAfterMs` says when to ask again',
    who: 'client',
    retry: true,
    status: 503,
  },
  QUOTA_REACHED: {
    en: 'The reader has seen, sought or unmasked as many persons today as the role may; `most` and `what` say which number',
    who: 'administrator',
    retry: false,
    status: 429,
  },
  OPERATION_NOT_STORED: { en: 'The role may send stored operations only', who: 'client', retry: false, status: 403 },
  AGENCY_UNAVAILABLE: { en: "The agency's system did not answer in time", who: 'agency', retry: true, status: 503 },
  AGENCY_REFUSED: { en: "The agency's system refused the question", who: 'administrator', retry: false, status: 502 },
  DELIVERY_REFUSED: {
    en: 'What was pushed is not from the agency, or not readable',
    who: 'agency',
    retry: false,
    status: 401,
  },
  AUDIT_UNAVAILABLE: {
    en: 'The audit log cannot be written, so no personal data is given and nothing is done that it must hold',
    who: 'administrator',
    retry: true,
    status: 503,
  },
  INTERNAL: {
    en: 'The hub failed; the reference number stands in its log',
    who: 'administrator',
    retry: true,
    status: 500,
  },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof errorCodes;

/** The HTTP status of a code; codes of GraphQL servers, which are not in the list, are about the request. */
export const statusOf = (code: string): number =>
  (errorCodes as Readonly<Record<string, ErrorMeaning>>)[code]?.status ?? 400;

/**
 * A failure that is reported to a client. The message says what was attempted and holds no personal data; `cause` is
 * for the log.
 */
export class HubError extends Error {
  override readonly name = 'HubError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
