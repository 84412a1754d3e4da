/**
 * The same operations over server-sent events, for offices whose proxies block WebSockets: graphql-sse with distinct
 * connections. `Last-Event-ID` is the cursor behind which a stream goes on.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  createSourceEventStream,
  type ExecutionResult,
  type GraphQLError,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import { budgetKey, roleLimits } from '../access/limits.ts';
import type { Principal } from '../access/principal.ts';
import { HubError } from '../domain/error-codes.ts';
import type { EndOfStream } from '../feed/member.ts';
import { type AdmittedOperation, admitOperation, isRefused, type OperationParts } from './admit-operation.ts';
import { auditSocket } from './audited-answers.ts';
import { clientAddress } from './client-address.ts';
import { type DoorRequest, refusal } from './door.ts';
import { graphqlError, toldError } from './errors.ts';
import type { FeedDesk, Stream } from './feed-desk.ts';
import { FeedRequest } from './feed-request.ts';
import type { Readers } from './readers.ts';
import { guardToken } from './session-guard.ts';
import type { SocketGuard, SocketState } from './socket-guard.ts';
import { SseSink } from './sse-sink.ts';

export interface SseParts extends OperationParts {
  readonly desk: FeedDesk;
  readonly readers: Readers;
  readonly guard: SocketGuard;
  readonly trustedProxies: ReadonlySet<string>;
  /** Between comments, which keep proxies from closing a quiet response. */
  readonly pingMs: number;
  readonly path: string;
}
const longestReconnectMs = 1_000;

export function serveSse(app: FastifyInstance, parts: SseParts): { close(spreadMs: number): Promise<void> } {
  const streams = new Set<SseStream>();
  let closing = false;
  const handle = async (request: FastifyRequest, reply: FastifyReply, asked: DoorRequest) => {
    if (closing) return reply.code(503).header('retry-after', '1').send(refused(goingAway(), parts));
    const address = clientAddress(request.raw, parts.trustedProxies);
    if (!parts.guard.enter(address)) return reply.code(503).send({ error: 'Too many streams from this address' });
    request.raw.socket.setNoDelay(true);
    reply.raw.once('close', () => parts.guard.left(address));
    const stream = new SseStream(parts, reply, address);
    streams.add(stream);
    reply.raw.once('close', () => streams.delete(stream));
    await stream.serve(request, asked);
    return reply;
  };
  app.post(parts.path, async (request, reply) => handle(request, reply, bodyOf(request.body)));
  app.get<{ Querystring: Record<string, string> }>(parts.path, async (request, reply) => {
    const { query, operationName, variables, extensions } = request.query;
    return handle(request, reply, { query, operationName, variables: json(variables), extensions: json(extensions) });
  });
  return {
    close: async spreadMs => {
      closing = true;
      const all = [...streams];
      await Promise.all(all.map((stream, i) => stream.goAway((i / all.length) * spreadMs, spreadMs)));
    },
  };
}

const bodyOf = (body: unknown): DoorRequest => (typeof body === 'object' && body !== null ? body : {});
function json(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return null;
  }
}
const goingAway = () => new HubError('GOING_AWAY', 'This process of the hub is stopping: connect again');
const refused = (error: unknown, { log }: SseParts) => ({ errors: [toldError(refusal(error), log)] });

/** One response. */
class SseStream {
  private readonly sink: SseSink;
  private stream: Stream | null = null;
  private principal: Principal | null = null;
  private readonly state: SocketState = { subscriptions: { it: true } };
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly parts: SseParts,
    private readonly reply: FastifyReply,
    private readonly address: string,
  ) {
    this.sink = new SseSink(
      reply.raw,
      end => this.told(end),
      () => this.left(),
    );
  }

  async serve(request: FastifyRequest, asked: DoorRequest): Promise<void> {
    this.begin();
    try {
      await this.answerTo(request, asked);
    } catch (error) {
      this.refuse([this.fault(error)]);
    }
  }

  private async answerTo(request: FastifyRequest, asked: DoorRequest): Promise<void> {
    const { readers, guard } = this.parts;
    this.principal = await readers.ofHeaders(request.headers);
    this.tellPurposeProblem();
    const [key, limits] = [budgetKey(this.principal, this.address), roleLimits[this.principal.role]];
    if (!guard.belong(key, this.state, limits.sockets))
      return this.refuse([this.fault(tooMany(limits.sockets, 'streams'))]);
    this.endings.push(() => guard.forget(key, this.state));
    if (guard.operations(key) > limits.subscriptions)
      return this.refuse([this.fault(tooMany(limits.subscriptions, 'operations'))]);
    const admitted = admitOperation(this.parts, this.principal, this.address, asked);
    if (isRefused(admitted)) return this.refuse(admitted);
    const operation = getOperationAST(admitted.document, admitted.operationName);
    if (!operation) return this.refuse([this.fault(noOperation())]);
    if (operation.operation === 'mutation') return this.refuse([this.fault(noMutations())]);
    this.guardToken();
    if (operation.operation === 'query') await this.answer(admitted);
    else await this.follow(admitted, operation, request.headers['last-event-id']);
  }

  /** The head goes at once, so that a client knows that it is heard. */
  private begin(): void {
    const { raw } = this.reply;
    this.reply.hijack();
    raw.writeHead(200, {
      ...(this.reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    raw.flushHeaders();
    this.sink.comment('');
    const timer = setInterval(() => this.prove(), this.parts.pingMs);
    this.endings.push(() => clearInterval(timer));
  }

  private prove(): void {
    const { position } = this.parts.hub.tail;
    const at = new Date().toISOString();
    this.sink.comment(JSON.stringify({ position, at, stream: this.stream?.proof ?? null }));
  }

  /** Whatever is answered then is masked, which looks like any other answer. */
  private tellPurposeProblem(): void {
    const { purposeProblem } = this.principal!;
    if (purposeProblem) this.sink.comment(JSON.stringify({ purposeProblem }));
  }

  private guardToken(): void {
    const stop = guardToken(this.principal!, this.parts.hub.ended, {
      ended: () => this.reply.raw.destroy(),
      expired: () =>
        this.end(new HubError('TOKEN_EXPIRED', 'The token ran out: sign in again, and go on at the cursor')),
    });
    this.endings.push(stop);
  }

  private async answer({ document, operationName, variables, contextValue }: AdmittedOperation): Promise<void> {
    const args = { schema: this.parts.schema, document, operationName, variableValues: variables, contextValue };
    this.sink.answer(
      await auditSocket(contextValue, this.tell(await this.parts.answers.execute(args)), this.parts.log),
    );
    this.sink.end(null);
  }

  private async follow(
    admitted: AdmittedOperation,
    operation: OperationDefinitionNode,
    lastEventId: string | string[] | undefined,
  ): Promise<void> {
    const { document, operationName, contextValue } = admitted;
    const variables = goingOn(operation, admitted.variables, lastEventId);
    const args = { schema: this.parts.schema, document, operationName, variableValues: variables, contextValue };
    const request = await createSourceEventStream(args);
    if (!(request instanceof FeedRequest)) return this.refuse(this.tell(request as ExecutionResult).errors!);
    const opened = { document, operationName, variables, operation: contextValue.trail.operation! };
    const reader = { principal: this.principal!, channel: 'http' } as const;
    const stream = await this.parts.desk.open(request, opened, reader, this.sink);
    if (!this.sink.isOpen) return;
    this.stream = stream;
    stream.start();
  }

  private fault(error: unknown): GraphQLError {
    return toldError(graphqlError(error), this.parts.log);
  }
  private refuse(errors: readonly GraphQLError[]): void {
    this.sink.answer({ errors });
    this.sink.end(null);
  }
  private readonly tell = (result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: result.errors.map(error => toldError(error, this.parts.log)) } : result;

  private told({ error, cursor, position }: EndOfStream): object {
    const { message, extensions } = this.fault(error);
    return { message, extensions: { ...extensions, ...(cursor !== null && { cursor, position }) } };
  }

  private end(error: HubError): void {
    if (this.stream) this.stream.end(error);
    else this.sink.end({ error, cursor: null, position: null });
  }

  async goAway(afterMs: number, spreadMs: number): Promise<void> {
    if (!this.sink.isOpen) return;
    const gone = new Promise<void>(resolve => this.endings.push(resolve));
    const timer = setTimeout(() => {
      const reconnectAfterMs = Math.round(Math.random() * Math.min(spreadMs, longestReconnectMs));
      const message = 'This process of the hub is stopping: go on at the cursor';
      this.end(new HubError('GOING_AWAY', message, { reconnectAfterMs }));
    }, afterMs);
    await gone;
    clearTimeout(timer);
  }

  private left(): void {
    this.stream?.leave();
    for (const end of this.endings.splice(0)) end();
  }
}

const noOperation = () => new HubError('BAD_USER_INPUT', 'The document has no operation of that name');
const noMutations = () => new HubError('BAD_USER_INPUT', 'Mutations are sent to /graphql');
const tooMany = (most: number, what: string) =>
  new HubError('LIMIT_EXCEEDED', `At most ${most} ${what} may be open`, { most, what });

/** What a browser sends when it comes back is the `after` of the operation, which must have a variable for it. */
function goingOn(
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  lastEventId: string | string[] | undefined,
): Readonly<Record<string, unknown>> {
  if (typeof lastEventId !== 'string' || lastEventId === '') return variables;
  for (const field of operation.selectionSet.selections) {
    if (field.kind !== Kind.FIELD) continue;
    const after = field.arguments?.find(({ name }) => name.value === 'after')?.value;
    if (after?.kind === Kind.VARIABLE) return { ...variables, oldest: undefined, [after.name.value]: lastEventId };
  }
  throw new HubError('BAD_USER_INPUT', 'To go on at Last-Event-ID the operation needs `after: $variable`');
}
