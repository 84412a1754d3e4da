/**
 * Answers to requests whose body has not come whole. If the connection were closed at once, the system would reset it,
 * and a client that still sends would lose the answer. So the answer is sent whole, what still comes is thrown away for
 * a while, and then the connection is closed.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** Some times the largest delivery: who sends more is not going to read the answer. */
const mostBytes = 64_000_000;
/**
 * A body of this size is read to its end by Node itself, and the connection is kept for the next request; but not where
 * fastify closes it, as after a body that is too large.
 */
const smallBytes = 1_000_000;
/** Clients read the answer within a round trip, or after they have sent everything. */
const longestMs = 10_000;

/** Must be called before other hooks are added, so that they see the answer as it is sent. */
export function answerEarly(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const isRead = request.raw.complete || (reply.statusCode !== 413 && isSmall(request.raw));
    if (isRead || !isWhole(payload)) return done(null, payload);
    const bytes = Buffer.from(payload as string);
    reply.header('connection', 'close').header('content-length', bytes.length);
    done(null, Readable.from(answerThenDrain(bytes, request.raw)));
  });
}

const isSmall = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= smallBytes;
const isWhole = (payload: unknown): boolean => typeof payload === 'string' || Buffer.isBuffer(payload);

/** The response ends, and with it the connection, when the request has ended or a bound is reached. */
async function* answerThenDrain(answer: Buffer, request: IncomingMessage): AsyncGenerator<Buffer> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), longestMs);
  let bytes = 0;
  const count = (part: Buffer) => {
    bytes += part.length;
    if (bytes > mostBytes) enough.abort();
  };
  request.on('data', count);
  yield answer;
  try {
    if (!request.complete && !request.destroyed) await once(request, 'close', { signal: enough.signal });
  } catch {
    // The sender is cut off, or is gone.
  } finally {
    clearTimeout(timer);
    request.off('data', count);
  }
}
