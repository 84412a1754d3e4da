/** One socket of one reader: the streams on it, the token that it lives by, and how it ends. */
import type { Duplex } from 'node:stream';
import type { Context as WireContext } from 'graphql-ws';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { Principal } from '../access/principal.ts';
import { HubError } from '../domain/error-codes.ts';
import type { EndOfStream } from '../feed/member.ts';
import { closeSocket } from './close-socket.ts';
import type { Hub } from './context.ts';
import { graphqlError, toldError } from './errors.ts';
import type { FeedDesk, FeedOperation, Stream } from './feed-desk.ts';
import type { FeedRequest } from './feed-request.ts';
import type { Readers } from './readers.ts';
import { guardToken } from './session-guard.ts';
import type { SocketState } from './socket-guard.ts';
import { SocketLine, SocketSink } from './socket-sink.ts';

type Operations = WireContext['subscriptions'];
interface SessionParts {
  readonly hub: Hub;
  readonly desk: FeedDesk;
  readonly readers: Readers;
  readonly log: Logger;
}
/** `Unauthorized` in the protocol of graphql-ws: the client signs in again. */
const unauthorized = 4401;
/** 1012: the service restarts. */
const serviceRestart = 1012;
const longestReconnectMs = 1_000;

export class SocketSession implements SocketState {
  principal: Principal | null = null;
  /** Whose socket it is, while it is counted. */
  budgetKey: string | null = null;
  /** The process is stopping. */
  isLeaving = false;
  /** Those under way, by their ids; the protocol's server keeps them. */
  operations: Operations = {};
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

  begin(principal: Principal, budgetKey: string): void {
    this.principal = principal;
    this.budgetKey = budgetKey;
    this.guard();
  }

  private guard(): void {
    this.stopGuard();
    this.stopGuard = guardToken(this.principal!, this.parts.hub.ended, {
      // What waits for a slow reader would still be sent before the closing.
      ended: () =>
        this.socket.bufferedAmount > 0
          ? this.socket.terminate()
          : closeSocket(this.socket, unauthorized, 'Session ended'),
      expired: () => {
        this.endStreams('TOKEN_EXPIRED');
        closeSocket(this.socket, unauthorized, 'Token expired');
      },
    });
  }

  /** A stream as the protocol's server reads it: it gives nothing, and is over when the stream is. */
  async open(id: string, request: FeedRequest, operation: FeedOperation): Promise<AsyncGenerator<never>> {
    const over = Promise.withResolvers<void>();
    const errorOf = (end: EndOfStream) => this.told(end);
    const sink = new SocketSink(this.line, id, this.operations, errorOf, () => {
      if (this.streams.get(id) === stream) this.streams.delete(id);
      stream.leave();
      over.resolve();
    });
    const reader = { principal: this.principal!, channel: 'socket' } as const;
    const stream = await this.parts.desk.open(request, operation, reader, sink);
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

  private told({ error, cursor, position }: EndOfStream): object {
    const { message, extensions } = toldError(graphqlError(error), this.parts.log);
    return { message, extensions: { ...extensions, ...(cursor !== null && { cursor, position }) } };
  }

  /** Answers a client's ping: how far everything is. One that carries a token renews the socket's. */
  async answerPing(payload: Record<string, unknown> | undefined): Promise<Record<string, unknown> | null> {
    if (!this.principal) return null;
    const given = payload?.authorization;
    return { ...(typeof given === 'string' && (await this.renew(this.principal, given))), ...this.proof() };
  }

  private async renew(known: Principal, given: string): Promise<Record<string, unknown>> {
    const principal = await this.parts.readers.renewed(given, known);
    if (principal.tokenProblem) return { tokenProblem: principal.tokenProblem };
    if (principal.subject !== known.subject) return { tokenProblem: 'it is of somebody else: open another socket' };
    this.principal = principal;
    this.guard();
    for (const stream of [...this.streams.values()]) stream.renew({ principal, channel: 'socket' });
    return { renewedUntil: new Date(principal.token!.expiresAtMs).toISOString() };
  }

  /** Says how far everything is, so that a client can tell that it missed nothing. */
  prove(): void {
    if (this.line.isOpen && this.principal) this.socket.send(JSON.stringify({ type: 'ping', payload: this.proof() }));
  }
  private proof(): Record<string, unknown> {
    const streams = [...this.streams].flatMap(([id, { proof }]) => (proof ? [[id, proof]] : []));
    const { position } = this.parts.hub.tail;
    return { position, at: new Date().toISOString(), streams: Object.fromEntries(streams) };
  }

  /** Ends everything on the socket after a while; resolves when it is closed. */
  async goAway(afterMs: number, spreadMs: number): Promise<void> {
    const gone = new Promise<void>(resolve => this.socket.once('close', () => resolve()));
    const timer = setTimeout(() => {
      const reconnectAfterMs = Math.round(Math.random() * Math.min(spreadMs, longestReconnectMs));
      this.endStreams('GOING_AWAY', { reconnectAfterMs });
      closeSocket(this.socket, serviceRestart, 'Going away');
    }, afterMs);
    await gone;
    clearTimeout(timer);
  }

  private endStreams(code: 'TOKEN_EXPIRED' | 'GOING_AWAY', details: object = {}): void {
    const error =
      code === 'TOKEN_EXPIRED'
        ? new HubError('TOKEN_EXPIRED', 'The token ran out: sign in again, and go on at the cursor', { ...details })
        : new HubError('GOING_AWAY', 'This process of the hub is stopping: go on at the cursor', { ...details });
    for (const stream of [...this.streams.values()]) stream.end(error);
  }

  /** The socket is gone. */
  closed(): void {
    this.stopGuard();
    for (const stream of [...this.streams.values()]) stream.leave();
    this.streams.clear();
  }
}
