/** One socket of one reader: its streams, its token, and how it ends. */
import type { Duplex } from 'node:stream';
import type { Context as WireContext } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Principal } from '../../access/principal.ts';
import { HubError } from '../../domain/error-codes.ts';
import { Presence } from '../request/presence.ts';
import type { SubscriptionRequest } from '../request/subscription-request.ts';
import type { Stream, SubscriptionOperation, Subscriptions } from '../subscriptions/subscriptions.ts';
import { closeSocket, unauthorized } from './close-socket.ts';
import { type Leaving, streamGoesAway } from './going-away.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { guardToken, tokenExpired } from './session-guard.ts';
import type { SocketState } from './socket-guard.ts';
import { SocketLine, SocketSink } from './socket-sink.ts';

type Operations = WireContext['subscriptions'];
interface SessionParts {
  /** Of the client. */
  readonly address: string;
  readonly pipeline: RequestPipeline;
  readonly subscriptions: Subscriptions;
}
/** 1012: the service restarts. */
const serviceRestart = 1012;

export class SocketSession implements SocketState, Leaving {
  principal: Principal | null = null;
  /** Key of the reader for whom the socket is counted; null while it is not counted. */
  budgetKey: string | null = null;
  /** The process is stopping. */
  isLeaving = false;
  /** Operations under way, by id; the protocol's server maintains them. */
  operations: Operations = {};
  readonly presence = new Presence();
  private readonly streams = new Map<string, Stream>();
  private readonly line: SocketLine;
  private stopGuard = () => {};

  constructor(
    readonly socket: WebSocket,
    raw: Duplex,
    private readonly parts: SessionParts,
  ) {
    this.line = new SocketLine(socket, raw);
  }

  get subscriptions(): Readonly<Record<string, unknown>> {
    return this.operations;
  }

  /** Asked for while the socket is open. */
  get gone(): Promise<void> {
    return new Promise(resolve => this.socket.once('close', () => resolve()));
  }

  begin(principal: Principal, budgetKey: string): void {
    this.principal = principal;
    this.budgetKey = budgetKey;
    this.guard();
  }

  private guard(): void {
    this.stopGuard();
    this.stopGuard = guardToken(this.principal!, this.parts.pipeline.hub.ended, {
      // A normal closing would still send what waits for a slow reader, so the socket is terminated.
      ended: () =>
        this.socket.bufferedAmount > 0
          ? this.socket.terminate()
          : closeSocket(this.socket, unauthorized, 'Session ended'),
      expired: () => {
        this.endStreams(tokenExpired());
        closeSocket(this.socket, unauthorized, 'Token expired');
      },
    });
  }

  /** A stream as the protocol's server reads it: it yields nothing, and ends when the stream does. */
  async open(
    id: string,
    request: SubscriptionRequest,
    operation: SubscriptionOperation,
  ): Promise<AsyncGenerator<never>> {
    const over = Promise.withResolvers<void>();
    const { pipeline } = this.parts;
    const sink = new SocketSink(
      this.line,
      id,
      this.operations,
      end => pipeline.endOf(end),
      () => {
        if (this.streams.get(id) === stream) this.streams.delete(id);
        stream.leave();
        over.resolve();
      },
    );
    const { address } = this.parts;
    const reader = { principal: this.principal!, channel: 'socket', address } as const;
    const stream = await this.parts.subscriptions.open(request, operation, reader, sink);
    const start = () => {
      if (this.streams.get(id) === stream || !sink.isOpen) return;
      this.streams.set(id, stream);
      stream.start();
    };
    const done = { done: true, value: undefined } as const;
    const source = {
      next: async () => {
        start();
        await over.promise;
        return done;
      },
      return: async () => {
        sink.close();
        return done;
      },
      throw: async (error: unknown) => {
        sink.close();
        throw error;
      },
      [Symbol.asyncIterator]: () => source,
    };
    return source as unknown as AsyncGenerator<never>;
  }

  /** Answers a client's ping with how far every stream is. A ping that carries a token renews the socket's token. */
  async answerPing(payload: Record<string, unknown> | undefined): Promise<Record<string, unknown> | null> {
    if (!this.principal) return null;
    const given = payload?.authorization ?? null;
    return { ...(given !== null && (await this.renew(this.principal, given))), ...this.proof() };
  }

  /** A new token that is not accepted changes nothing: the socket goes on until the known one ends. */
  private async renew(known: Principal, given: unknown): Promise<Record<string, unknown>> {
    const { pipeline, address } = this.parts;
    try {
      const principal = await pipeline.readers.renewed(given, known);
      this.principal = principal;
      this.guard();
      for (const stream of [...this.streams.values()]) stream.renew({ principal, channel: 'socket', address });
      return { renewedUntil: new Date(principal.token!.expiresAtMs).toISOString() };
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      return { errors: [pipeline.errorOf(error)] };
    }
  }

  /** Sends how far every stream is, so that a client can tell that it missed nothing. */
  prove(): void {
    if (this.line.isOpen && this.principal) this.socket.send(JSON.stringify({ type: 'ping', payload: this.proof() }));
  }
  private proof(): Record<string, unknown> {
    const streams = [...this.streams].flatMap(([id, { proof }]) => (proof ? [[id, proof]] : []));
    const { position } = this.parts.pipeline.hub.tail;
    return { position, at: new Date().toISOString(), streams: Object.fromEntries(streams) };
  }

  leave(spreadMs: number): void {
    this.endStreams(streamGoesAway(spreadMs));
    closeSocket(this.socket, serviceRestart, 'Going away');
  }

  private endStreams(error: HubError): void {
    for (const stream of [...this.streams.values()]) stream.end(error);
  }

  /** Called when the socket is gone. */
  closed(): void {
    this.stopGuard();
    for (const stream of [...this.streams.values()]) stream.leave();
    this.streams.clear();
    this.presence.leave();
  }
}
