/**
 * What agencies push. A delivery is judged by its headers before a byte of its body is read; the body is then taken as
 * it is, because its signature covers every byte.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { DeliveryHeaders } from '../../../adapters/kit/contract.ts';
import { senderOf } from '../../access/limits.ts';
import { errorCodes, HubError } from '../../domain/error-codes.ts';
import { errorFacts } from '../../domain/error-facts.ts';
import type { Receiver } from '../../ingest/push.ts';
import { isCertified, type TlsFiles } from './client-certificate.ts';
import { DeliveryPlaces } from './delivery-places.ts';

export interface DeliveryParts {
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly limits: { readonly pushBytes: number; readonly deliveries: number };
  readonly addressOf: (request: IncomingMessage) => string;
  readonly tls: TlsFiles | null;
  readonly log: Logger;
}
/** Why a delivery is not taken, as its sender reads it. */
interface Refusal {
  readonly status: 401 | 404 | 413 | 415 | 503;
  readonly error: string;
}
type Pushed = FastifyRequest<{ Params: { agency: string } }>;

/** A place is free again when the delivery before is stored: a matter of seconds. */
const retryAfterSeconds = '2';

export function serveDeliveries(app: FastifyInstance, parts: DeliveryParts): void {
  const { receivers, limits, addressOf, log } = parts;
  const places = new DeliveryPlaces(limits.deliveries);
  const refuse = (reply: FastifyReply, { params: { agency } }: Pushed, { status, error }: Refusal) => {
    log.warn({ agency: receivers.has(agency) ? agency : null, status, why: error }, 'a delivery was not taken');
    if (status === 503) reply.header('retry-after', retryAfterSeconds);
    return reply.code(status).send({ error });
  };
  const judge = async (given: FastifyRequest, reply: FastifyReply) => {
    const request = given as Pushed;
    const refusal = refusalOf(request, parts);
    if (refusal) return refuse(reply, request, refusal);
    const leave = places.take(request.params.agency, senderOf(addressOf(request.raw)));
    if (!leave) return refuse(reply, request, tooMany);
    // Also when the sender is gone, or cut off because it is too slow.
    reply.raw.once('close', leave);
    return undefined;
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  // Agencies sign what they deliver; what may stand in `authorization` is theirs.
  const options = { bodyLimit: limits.pushBytes, onRequest: judge, config: { credentials: 'not read' } } as const;
  app.post('/push/:agency', options, async (given, reply) => {
    const request = given as Pushed;
    try {
      const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
      return await receivers.get(request.params.agency)!.receive({ headers: headersOf(request), body });
    } catch (error) {
      if (isRefused(error)) return refuse(reply, request, refusedBy(error));
      log.warn({ agency: request.params.agency, error: errorFacts(error) }, 'a delivery could not be stored');
      return refuse(reply, request, notStored);
    }
  });
}

const tooMany: Refusal = { status: 503, error: 'Too many deliveries are under way: send it again later' };
const notStored: Refusal = { status: 503, error: 'The delivery could not be stored now: send it again later' };

/** What the head of a request says against its delivery, or null. */
function refusalOf(request: Pushed, { receivers, limits, tls }: DeliveryParts): Refusal | null {
  const { agency } = request.params;
  const receiver = receivers.get(agency);
  if (!receiver) return { status: 404, error: 'No agency of this code pushes to this hub' };
  if (tls?.pushClientCa && !isCertified(request.raw, agency))
    return { status: 401, error: 'A delivery needs a client certificate in the name of its agency' };
  const headers = headersOf(request);
  if (Number(headers['content-length'] ?? 0) > limits.pushBytes)
    return { status: 413, error: `A delivery may have ${limits.pushBytes} bytes: send it in parts` };
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    return { status: 415, error: 'A delivery is sent as it was signed, without content-encoding' };
  try {
    receiver.admit(headers);
    return null;
  } catch (error) {
    if (isRefused(error)) return refusedBy(error);
    throw error;
  }
}

const headersOf = (request: FastifyRequest) => request.headers as DeliveryHeaders;
const isRefused = (error: unknown): error is HubError => error instanceof HubError && error.code === 'DELIVERY_REFUSED';
const refusedBy = ({ message }: HubError): Refusal => ({ status: errorCodes.DELIVERY_REFUSED.status, error: message });
