/** Bounds on WebSockets: how many, from where, for whom, and how fast each may speak. */
import type { WebSocket } from 'ws';
import { closeSocket } from './close-socket.ts';

export interface SocketLimits {
  readonly total: number;
  readonly perAddress: number;
  /** For a new socket to say who it is. */
  readonly initMs: number;
  /** Between pings, and for the answer to one. */
  readonly pingMs: number;
  readonly frameBytes: number;
  /** Four times as many at once. */
  readonly framesPerSecond: number;
}
/** What graphql-ws knows of a socket: its operations under way, by id. */
export interface SocketState {
  readonly subscriptions: Readonly<Record<string, unknown>>;
}

const atOnce = 4;
/** What a client does not read piles up here; one that reads stays near zero. */
const mostUnreadBytes = 8_000_000;
/** 1008: policy violation. */
const tooFast = 1008;

export class SocketGuard {
  private total = 0;
  private readonly perAddress = new Map<string, number>();
  private readonly perPrincipal = new Map<string, Set<SocketState>>();

  constructor(private readonly limits: SocketLimits) {}

  /** Whether one more may open from there; then `left` must be told when it has closed. */
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

  /** Whether the principal may have one more; then `forget` must be told when it has closed. */
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
  operations(key: string): number {
    const sockets = [...(this.perPrincipal.get(key) ?? [])];
    return sockets.reduce((sum, { subscriptions }) => sum + Object.keys(subscriptions).length, 0);
  }

  /** Ends a socket that speaks faster than it may, or does not read what it asked for. */
  watch(socket: WebSocket): void {
    const perSecond = this.limits.framesPerSecond;
    let frames = perSecond * atOnce;
    let atMs = performance.now();
    const heard = () => {
      const nowMs = performance.now();
      frames = Math.min(perSecond * atOnce, frames + ((nowMs - atMs) * perSecond) / 1000) - 1;
      atMs = nowMs;
      if (frames < 0 || socket.bufferedAmount > mostUnreadBytes) refuse(socket);
    };
    // Heard before anything works on it: graphql-ws listens later.
    socket.on('message', heard);
    socket.on('ping', heard);
    // A second error of one socket would otherwise end the process.
    socket.on('error', () => {});
  }
}

function refuse(socket: WebSocket): void {
  socket.removeAllListeners('message');
  socket.removeAllListeners('ping');
  closeSocket(socket, tooFast, 'Too many frames');
}
