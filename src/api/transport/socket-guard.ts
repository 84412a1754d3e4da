/** Limits on sockets and event streams: how many in all, per address and per reader, and how many frames each may send. */
import type { WebSocket } from 'ws';
import { HubError } from '../../domain/error-codes.ts';
import { closeSocket } from './close-socket.ts';

export interface SocketLimits {
  readonly total: number;
  readonly perAddress: number;
  /** Time for a new socket to authenticate. */
  readonly initMs: number;
  /** Time between pings, and for the answer to one. */
  readonly pingMs: number;
  readonly frameBytes: number;
  /** A burst may hold four times as many. */
  readonly framesPerSecond: number;
}
/** What graphql-ws knows of a socket: its operations under way, by id. */
export interface SocketState {
  readonly subscriptions: Readonly<Record<string, unknown>>;
}

const burstSeconds = 4;
/** Bytes that may wait for a client; for one that reads they stay near zero. */
const maxUnreadBytes = 8_000_000;
/** 1008: policy violation. */
const tooFast = 1008;

export class SocketGuard {
  private total = 0;
  private readonly perAddress = new Map<string, number>();
  private readonly perPrincipal = new Map<string, Set<SocketState>>();

  constructor(private readonly limits: SocketLimits) {}

  /** Whether one more socket may open from this address; if so, call `left` when it has closed. */
  enter(address: string): boolean {
    const here = this.perAddress.get(address) ?? 0;
    if (this.total >= this.limits.total || here >= this.limits.perAddress) return false;
    this.total += 1;
    this.perAddress.set(address, here + 1);
    return true;
  }

  left(address: string): void {
    this.total -= 1;
    const here = this.perAddress.get(address)! - 1;
    if (here) this.perAddress.set(address, here);
    else this.perAddress.delete(address);
  }

  /** Whether the principal may have one more socket; if so, call `forget` when it has closed. */
  belong(key: string, socket: SocketState, most: number): boolean {
    const sockets = this.perPrincipal.get(key) ?? new Set();
    if (sockets.size >= most) return false;
    this.perPrincipal.set(key, sockets.add(socket));
    return true;
  }

  forget(key: string, socket: SocketState): void {
    const sockets = this.perPrincipal.get(key);
    sockets?.delete(socket);
    if (!sockets?.size) this.perPrincipal.delete(key);
  }

  /** Operations under way on all sockets of a principal. */
  private operations(key: string): number {
    const sockets = [...(this.perPrincipal.get(key) ?? [])];
    return sockets.reduce((sum, { subscriptions }) => sum + Object.keys(subscriptions).length, 0);
  }

  /** Throws LIMIT_EXCEEDED where more operations are under way than may be; the one that is being opened is counted. */
  demandRoom(key: string, most: number): void {
    if (this.operations(key) <= most) return;
    const details = { most, what: 'operations' };
    throw new HubError('LIMIT_EXCEEDED', `At most ${most} operations may be under way on your connections`, details);
  }

  /** Ends a socket that sends too many frames, or does not read what it asked for. */
  watch(socket: WebSocket): void {
    const perSecond = this.limits.framesPerSecond;
    let frames = perSecond * burstSeconds;
    let atMs = performance.now();
    const count = () => {
      const nowMs = performance.now();
      frames = Math.min(perSecond * burstSeconds, frames + ((nowMs - atMs) * perSecond) / 1000) - 1;
      atMs = nowMs;
      if (frames < 0 || socket.bufferedAmount > maxUnreadBytes) refuse(socket);
    };
    // Registered before graphql-ws listens, so that frames are counted before they are processed.
    socket.on('message', count);
    socket.on('ping', count);
    // A second error of one socket would otherwise end the process.
    socket.on('error', () => {});
  }
}

function refuse(socket: WebSocket): void {
  socket.removeAllListeners('message');
  socket.removeAllListeners('ping');
  closeSocket(socket, tooFast, 'Too many frames');
}
