/** Gives roots their numbers and links, keeps them beside the log, and sends each to the second place, in order. */
import path from 'node:path';
import { appendDurably, type LogRoot, linkAfter, type RootPlace, readRoots, rootLine } from './roots.ts';

export const ledgerFile = (dir: string): string => path.join(dir, 'roots.jsonl');
const retryMs = 2_000;

export class RootLedger {
  private last: LogRoot | null = null;
  private readonly waiting: LogRoot[] = [];
  private bringing: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;

  constructor(
    private readonly dir: string,
    private readonly place: RootPlace,
    private readonly onError: (error: unknown) => void,
  ) {}

  /**
   * Reads the roots from before this start. The last one is sent again: a crash may have come between the two places.
   */
  async open(): Promise<void> {
    const known = await readRoots(ledgerFile(this.dir)).catch(noFile);
    this.last = known.at(-1) ?? null;
    if (this.last) this.waiting.push(this.last);
    this.bring();
  }

  /** The last entry under a root. */
  get through(): number {
    return this.last?.to ?? 0;
  }
  /** The number of roots that have not reached the second place. */
  get behind(): number {
    return this.waiting.length;
  }

  /** Resolves when the root is stored beside the log; the second place follows. */
  async seal(batch: Pick<LogRoot, 'from' | 'to' | 'at' | 'root'>): Promise<void> {
    const { last } = this;
    const next: LogRoot = { batch: (last?.batch ?? 0) + 1, ...batch, prev: linkAfter(last) };
    await appendDurably(ledgerFile(this.dir), `${rootLine(next)}\n`);
    this.last = next;
    this.waiting.push(next);
    this.bring();
  }

  private bring(): void {
    this.bringing = this.bringing.then(() => this.bringAll());
  }
  private async bringAll(): Promise<void> {
    try {
      while (this.waiting.length) {
        await this.place.keep(this.waiting[0]!);
        this.waiting.shift();
      }
    } catch (error) {
      this.onError(error);
      this.retry ??= setTimeout(() => {
        this.retry = null;
        this.bring();
      }, retryMs).unref();
    }
  }

  /** Tries once more to send what is waiting. */
  async close(): Promise<void> {
    if (this.retry) clearTimeout(this.retry);
    this.bring();
    await this.bringing;
    if (this.retry) clearTimeout(this.retry);
    await this.place.close();
  }
}

const noFile = (error: NodeJS.ErrnoException): LogRoot[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
