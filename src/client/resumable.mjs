/**
 * Makes the subscriptions of a graphql-ws client continue where they were: published as `outpost-hub/client`, plain
 * JavaScript without dependencies, for browsers and Node. The types, and what each part means, are in resumable.d.mts.
 */

/** Transient failures: the stream continues at its cursor. */
const passing = new Set([
  'GOING_AWAY',
  'READER_TOO_SLOW',
  'TOKEN_EXPIRED',
  'AUDIT_UNAVAILABLE',
  'INTERNAL',
  'RATE_LIMITED',
]);
/** The cursor is lost: the stream can only begin anew. */
const lost = new Set(['CURSOR_EXPIRED', 'CURSOR_FOREIGN', 'CURSOR_MALFORMED', 'RIGHTS_CHANGED']);
/** The closing of a socket whose token is refused, has expired, or belongs to a session that was ended. */
const unauthorized = 4401;
const firstPauseMs = 250;
const maxPauseMs = 30_000;

export function resumable(client, options = {}) {
  watchProofs(client, options.onGap);
  const tokens = new Tokens(client, options.renewToken);
  return { ...client, subscribe: (payload, sink) => new Subscription(client, tokens, options, payload, sink).start() };
}

/** Asks for one fresh token after each that ended or was refused; whether that one is good, the hub says. */
class Tokens {
  constructor(client, fetchToken) {
    this.fetchToken = fetchToken;
    /** Closings with 4401 since the hub last accepted a token: the second one is final. */
    this.refusals = 0;
    this.renewal = null;
    client.on('connected', () => this.reset());
    client.on('closed', event => {
      if (event?.code !== unauthorized) return;
      if (this.refusals === 2) this.reset();
      this.refusals += 1;
    });
  }

  reset() {
    this.refusals = 0;
    this.renewal = null;
  }

  /** The pause is shared, so that all streams come back over one connection. */
  async fresh() {
    await this.fetchToken?.();
    await new Promise(resolve => setTimeout(resolve, firstPauseMs * (0.5 + Math.random() / 2)));
  }

  /** Resolves to true once a fresh token can be tried, to false when the fresh one was refused as well. */
  async renew() {
    if (this.refusals === 2) return false;
    this.renewal ??= this.fresh();
    try {
      await this.renewal;
      return true;
    } catch (error) {
      this.renewal = null;
      throw error;
    }
  }
}

class Subscription {
  constructor(client, tokens, options, payload, sink) {
    this.client = client;
    this.tokens = tokens;
    this.options = options;
    this.payload = payload;
    this.sink = sink;
    this.name = payload.operationName ?? payload.query ?? '';
    this.cursor = payload.variables?.after ?? null;
    /** The position of the last event, and the events that were already delivered at this position. */
    this.position = -1;
    this.told = new Set();
    this.pauseMs = firstPauseMs;
    this.ended = false;
    this.leave = () => {};
  }

  start() {
    const { cursors } = this.options;
    if (!cursors || this.cursor) this.ask();
    else
      Promise.resolve(cursors.read(this.name)).then(
        cursor => {
          this.cursor = cursor ?? null;
          if (!this.ended) this.ask();
        },
        error => this.fail(error),
      );
    return () => {
      this.ended = true;
      clearTimeout(this.timer);
      this.leave();
    };
  }

  ask() {
    /** The error that ended the operation, if it comes before the end. */
    let fault = null;
    this.leave = this.client.subscribe(this.request(), {
      next: result => {
        fault = faultOf(result);
        if (!fault) this.take(result);
      },
      error: error => this.goOn(Array.isArray(error) ? error : null, error),
      complete: () => {
        if (fault) this.goOn(fault, fault);
        else this.complete();
      },
    });
  }

  /** The client sends this again whenever it reconnects, so the cursor is read at that moment. */
  request() {
    const { after: _, ...given } = this.payload.variables ?? {};
    const variables = () => (this.cursor ? { ...given, oldest: undefined, after: this.cursor } : given);
    return Object.defineProperty({ ...this.payload }, 'variables', { enumerable: true, get: variables });
  }

  take(result) {
    const event = Object.values(result.data ?? {})[0];
    if (event && this.isDouble(event)) return;
    this.sink.next(result);
    this.pauseMs = firstPauseMs;
    if (!event) return;
    // In the middle of a snapshot there is no cursor to continue from.
    if (event.type === 'SNAPSHOT') this.keep(null);
    else if (typeof event.cursor === 'string') this.keep(event.cursor);
  }

  isDouble({ type, position, cursor: _, ...rest }) {
    if (typeof position !== 'number' || (type && type !== 'UPSERT' && type !== 'REMOVE')) return false;
    const told = JSON.stringify([type, rest]);
    if (position < this.position || (position === this.position && this.told.has(told))) return true;
    if (position > this.position) this.told.clear();
    this.position = position;
    this.told.add(told);
    return false;
  }

  keep(cursor) {
    this.cursor = cursor;
    this.options.cursors?.write(this.name, cursor);
  }

  /** The operation has ended: it is sent again, or the error goes to the application. */
  goOn(errors, error) {
    const { code, cursor, reconnectAfterMs, retryAfterMs } = errors?.[0]?.extensions ?? {};
    if (this.ended) return;
    if (passing.has(code) && typeof cursor === 'string') this.keep(cursor);
    if (code === 'TOKEN_EXPIRED' || error?.code === unauthorized) this.signIn(error);
    else if (passing.has(code)) this.askIn(reconnectAfterMs ?? retryAfterMs ?? this.pause());
    else if (lost.has(code) && this.options.beginAnew?.(code)) {
      this.keep(null);
      this.position = -1;
      this.told.clear();
      this.askIn(this.pause());
    } else this.fail(error);
  }

  signIn(error) {
    this.tokens.renew().then(
      isFresh => {
        if (this.ended) return;
        if (isFresh) this.ask();
        else this.fail(error);
      },
      failure => this.fail(failure),
    );
  }

  askIn(ms) {
    this.timer = setTimeout(() => this.ask(), ms);
  }
  pause() {
    const ms = this.pauseMs * (0.5 + Math.random() / 2);
    this.pauseMs = Math.min(maxPauseMs, this.pauseMs * 2);
    return ms;
  }

  fail(error) {
    if (this.ended) return;
    this.ended = true;
    this.sink.error(error);
  }
  complete() {
    if (this.ended) return;
    this.ended = true;
    this.sink.complete();
  }
}

/** The errors of an answer without data: the operation ends after it. */
const faultOf = ({ data, errors }) => (errors?.length && !data ? errors : null);

/**
 * The hub's pings say how many messages each operation was sent: missing messages are fetched over a new connection.
 */
function watchProofs(client, onGap) {
  let received = new Map();
  client.on('connected', () => {
    received = new Map();
  });
  client.on('message', ({ id, type }) => {
    if (type === 'next') received.set(id, (received.get(id) ?? 0) + 1);
  });
  client.on('ping', (isReceived, payload) => {
    const streams = isReceived ? Object.entries(payload?.streams ?? {}) : [];
    if (!streams.some(([id, { sequence }]) => (received.get(id) ?? 0) < sequence)) return;
    onGap?.();
    client.terminate();
  });
}
