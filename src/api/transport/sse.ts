/**
 * The same operations over server-sent events, for offices whose proxies block WebSockets: graphql-sse with distinct
 * connections. `Last-Event-ID` is the cursor after which a stream continues.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ExecutionArgs, type GraphQLError, getOperationAST, Kind, type OperationDefinitionNode } from 'graphql';
import { budgetKey, roleLimits } from '../../access/limits.ts';
import type { Principal } from '../../access/principal.ts';
import { errorCodes, HubError } from '../../domain/error-codes.ts';
import { wantsCost } from '../admission/admission-control.ts';
import { isRefused } from '../admission/admit-operation.ts';
import type { Context } from '../request/context.ts';
import type { Stream, Subscriptions } from '../subscriptions/subscriptions.ts';
import { closeGradually, goingAway, type Leaving, streamGoesAway } from './going-away.ts';
import { graphqlRequestOf } from './graphql-request.ts';
import { presenceOf, type RequestPipeline } from './request-pipeline.ts';
import { guardToken, tokenExpired } from './session-guard.ts';
import type { SocketGuard, SocketState } from './socket-guard.ts';
import { SseSink } from './sse-sink.ts';

export interface SseParts {
  readonly pipeline: RequestPipeline;
  readonly subscriptions: Subscriptions;
  readonly guard: SocketGuard;
  /** Time between comments, which keep proxies from closing a quiet response. */
  readonly pingMs: number;
  readonly path: string;
}

export function serveSse(app: FastifyInstance, parts: SseParts): { close(spreadMs: number): Promise<void> } {
  const { pipeline, guard, path } = parts;
  const streams = new Set<SseStream>();
  let closing = false;
  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    if (closing) {
      const errors = [pipeline.errorOf(goingAway())];
      return reply.code(errorCodes.GOING_AWAY.status).header('retry-after', '1').send({ errors });
    }
    const address = pipeline.addressOf(request.raw);
    if (!guard.enter(address)) return reply.code(503).send({ error: 'Too many streams from this address' });
    request.raw.socket.setNoDelay(true);
    reply.raw.once('close', () => guard.left(address));
    const stream = new SseStream(parts, reply, address);
    streams.add(stream);
    reply.raw.once('close', () => streams.delete(stream));
    await stream.serve(request);
    return reply;
  };
  app.post(path, handle);
  app.get(path, handle);
  return {
    close: spreadMs => {
      closing = true;
      return closeGradually([...streams], spreadMs);
    },
  };
}

/** One response for one operation. */
class SseStream implements Leaving {
  private readonly sink: SseSink;
  private stream: Stream | null = null;
  private principal: Principal | null = null;
  private readonly state: SocketState = { subscriptions: { it: true } };
  private readonly endings: (() => void)[] = [];
  readonly gone: Promise<void>;

  constructor(
    private readonly parts: SseParts,
    private readonly reply: FastifyReply,
    private readonly address: string,
  ) {
    this.sink = new SseSink(
      reply.raw,
      end => parts.pipeline.endOf(end),
      () => this.left(),
    );
    this.gone = new Promise(resolve => this.endings.push(resolve));
  }

  async serve(request: FastifyRequest): Promise<void> {
    this.begin();
    try {
      await this.answerTo(request);
    } catch (error) {
      this.refuse([this.parts.pipeline.errorOf(error)]);
    }
  }

  private async answerTo(request: FastifyRequest): Promise<void> {
    const { pipeline, guard } = this.parts;
    this.principal = await pipeline.readerOf(request);
    this.reportPurposeProblem();
    const [key, limits] = [budgetKey(this.principal, this.address), roleLimits[this.principal.role]];
    if (!guard.belong(key, this.state, limits.sockets)) throw tooManyStreams(limits.sockets);
    this.endings.push(() => guard.forget(key, this.state));
    guard.demandRoom(key, limits.subscriptions);
    const asked = graphqlRequestOf(request);
    const admitted = pipeline.admit(this.principal, this.address, asked, presenceOf(this.reply));
    if (isRefused(admitted)) return this.refuse(admitted);
    const { execution, context } = admitted;
    const operation = getOperationAST(execution.document, execution.operationName)!;
    if (operation.operation === 'mutation') throw noMutations();
    this.guardToken();
    if (operation.operation === 'query') {
      const answer = await pipeline.answer(execution);
      const extensions = { ...answer.extensions, ...(wantsCost(asked.extensions) && { cost: admitted.cost }) };
      this.sink.answer(Object.keys(extensions).length ? { ...answer, extensions } : answer);
      this.sink.end(null);
    } else await this.follow(execution, context, operation, request.headers['last-event-id']);
  }

  /** Sends the head immediately, so that the client knows that its request has arrived. */
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
    const { position } = this.parts.pipeline.hub.tail;
    const at = new Date().toISOString();
    this.sink.comment(JSON.stringify({ position, at, stream: this.stream?.proof ?? null }));
  }

  /** Reports a purpose that does not hold: the answer is then masked, but looks like any other. */
  private reportPurposeProblem(): void {
    const { purposeProblem } = this.principal!;
    if (purposeProblem) this.sink.comment(JSON.stringify({ purposeProblem }));
  }

  private guardToken(): void {
    const stop = guardToken(this.principal!, this.parts.pipeline.hub.ended, {
      ended: () => this.reply.raw.destroy(),
      expired: () => this.end(tokenExpired()),
    });
    this.endings.push(stop);
  }

  private async follow(
    execution: ExecutionArgs,
    { trail }: Context,
    ast: OperationDefinitionNode,
    lastEventId: string | string[] | undefined,
  ): Promise<void> {
    const { pipeline, subscriptions } = this.parts;
    const { document, operationName = null } = execution;
    const variables = resumeVariables(ast, execution.variableValues ?? {}, lastEventId);
    const request = await pipeline.subscription({ ...execution, variableValues: variables });
    if (isRefused(request)) return this.refuse(request);
    const operation = { document, operationName, variables, operation: trail.operation! };
    const { address } = this;
    const reader = { principal: this.principal!, channel: 'http', address } as const;
    const stream = await subscriptions.open(request, operation, reader, this.sink);
    if (!this.sink.isOpen) return;
    this.stream = stream;
    stream.start();
  }

  private refuse(errors: readonly GraphQLError[]): void {
    this.sink.answer({ errors });
    this.sink.end(null);
  }

  private end(error: HubError): void {
    if (this.stream) this.stream.end(error);
    else this.sink.end({ error, cursor: null, position: null });
  }

  leave(spreadMs: number): void {
    this.end(streamGoesAway(spreadMs));
  }

  private left(): void {
    this.stream?.leave();
    for (const end of this.endings.splice(0)) end();
  }
}

const noMutations = () => new HubError('BAD_USER_INPUT', 'Mutations are sent to /graphql');
const tooManyStreams = (most: number) =>
  new HubError('LIMIT_EXCEEDED', `At most ${most} streams may be open`, { most, what: 'streams' });

/**
 * Uses the `Last-Event-ID` of a browser that reconnects as the operation's `after`, for which it must have a variable.
 */
function resumeVariables(
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
