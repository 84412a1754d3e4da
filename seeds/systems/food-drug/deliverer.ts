/** Pushes lines to the hub: signed batches, at least once, at most two requests at a time. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { sign } from './signature.ts';

const LINES_PER_BATCH = 500;
const AT_ONCE = 2;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;
const ANSWER_TIMEOUT_MS = 30_000;

export class Deliverer {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  private readonly stopping = new AbortController();
  private readonly waiting: string[] = [];
  private target: URL | null = null;
  private paused = false;
  private workers = 0;
  private resume: () => void = () => {};
  private resumed: Promise<void> = Promise.resolve();
  private idle: (() => void)[] = [];

  constructor(private readonly secret: string) {}

  add(lines: readonly string[]): void {
    for (const line of lines) this.waiting.push(line);
    this.work();
  }

  start(hubUrl: string): void {
    this.target = new URL('/push/food-drug', hubUrl);
    this.work();
  }

  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    if (paused) {
      this.resumed = new Promise(resolve => {
        this.resume = resolve;
      });
    } else this.resume();
  }

  /** Resolves when the hub has taken all lines that were added until then. */
  drained(): Promise<void> {
    if (this.waiting.length === 0 && this.workers === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.idle.push(resolve);
    });
  }

  stop(): void {
    this.stopping.abort();
    this.resume();
    this.agent.destroy();
  }

  private work(): void {
    while (this.target && this.workers < AT_ONCE && this.workers * LINES_PER_BATCH < this.waiting.length) {
      this.workers++;
      void this.deliverAll(this.target).finally(() => {
        this.workers--;
        // A line may have been added since the last check.
        if (!this.stopping.signal.aborted) this.work();
        if (this.workers > 0 || this.waiting.length > 0) return;
        for (const resolve of this.idle.splice(0)) resolve();
      });
    }
  }

  private async deliverAll(target: URL): Promise<void> {
    while (this.waiting.length > 0 && !this.stopping.signal.aborted) {
      const lines = this.waiting.splice(0, LINES_PER_BATCH);
      await this.deliver(target, `${lines.join('\n')}\n`);
    }
  }

  private async deliver(target: URL, body: string): Promise<void> {
    const delivery = randomUUID();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await this.resumed;
      if (this.stopping.signal.aborted) return;
      const status = await this.post(target, delivery, body);
      if (status >= 200 && status < 300) return;
      await pause(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** The answer's status; 0 when there is none. */
  private post(target: URL, delivery: string, body: string): Promise<number> {
    return new Promise(resolve => {
      const headers = {
        ...sign(this.secret, body),
        'x-ea-delivery': delivery,
        'content-type': 'application/x-ndjson; charset=utf-8',
        'content-length': Buffer.byteLength(body),
      };
      const options = { method: 'POST', agent: this.agent, headers, timeout: ANSWER_TIMEOUT_MS };
      const sent = request(target, { ...options, signal: this.stopping.signal }, answer => {
        answer.resume();
        answer.on('close', () => resolve(answer.complete ? (answer.statusCode ?? 0) : 0));
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => resolve(0));
      sent.end(body);
    });
  }
}
