/** Everything that can go wrong and that a client is told, in one closed list. */

export interface ErrorMeaning {
  readonly en: string;
  /** Who must act for it to go away. */
  readonly who: 'client' | 'administrator' | 'agency';
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
}

export const errorCodes = {
  FORBIDDEN: { en: 'The reader may not see or do this', who: 'client', retry: false },
  FILTER_FORBIDDEN: {
    en: 'The reader sees this field masked, so may not filter or order by it',
    who: 'client',
    retry: false,
  },
  BAD_USER_INPUT: { en: 'An argument is not what it should be', who: 'client', retry: false },
  CURSOR_MALFORMED: { en: 'The cursor was not made by this hub', who: 'client', retry: false },
  CURSOR_FOREIGN: {
    en: 'The cursor was given to another reader, for another operation, or under other rights',
    who: 'client',
    retry: false,
  },
  CURSOR_EXPIRED: {
    en: 'The log does not reach back to the cursor; `oldestPosition` is the oldest change that is kept',
    who: 'client',
    retry: false,
  },
  RIGHTS_CHANGED: { en: 'What the reader may see has changed: begin the stream anew', who: 'client', retry: true },
  TOKEN_EXPIRED: {
    en: 'The token ran out on an open stream; `cursor` says where to go on with a new one',
    who: 'client',
    retry: true,
  },
  READER_TOO_SLOW: {
    en: 'The stream was not read fast enough again and again; `cursor` says where to go on',
    who: 'client',
    retry: true,
  },
  GOING_AWAY: {
    en: 'This process of the hub is stopping; go on at `cursor` after `reconnectAfterMs`',
    who: 'client',
    retry: true,
  },
  LIMIT_EXCEEDED: { en: 'The request is larger than the role may send', who: 'client', retry: false },
  COST_EXCEEDED: { en: 'The request may read more than the role may ask at once', who: 'client', retry: false },
  RATE_LIMITED: {
    en: 'The budget of this minute is spent; `retryAfterMs` says when to ask again',
    who: 'client',
    retry: true,
  },
  QUOTA_REACHED: {
    en: 'The reader has seen, sought or unmasked as many persons today as the role may; `most` and `what` say which number',
    who: 'administrator',
    retry: false,
  },
  OPERATION_NOT_STORED: { en: 'The role may send stored operations only', who: 'client', retry: false },
  AGENCY_UNAVAILABLE: { en: "The agency's system did not answer in time", who: 'agency', retry: true },
  AGENCY_REFUSED: { en: "The agency's system refused the question", who: 'administrator', retry: false },
  DELIVERY_REFUSED: { en: 'What was pushed is not from the agency, or not readable', who: 'agency', retry: false },
  AUDIT_UNAVAILABLE: {
    en: 'Reads cannot be noted in the audit log, so no personal data is given',
    who: 'administrator',
    retry: true,
  },
  INTERNAL: { en: 'The hub failed; the reference number stands in its log', who: 'administrator', retry: true },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof errorCodes;

/** A failure that a client is told. The message says what was attempted and holds no personal data; `cause` is for the log. */
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
