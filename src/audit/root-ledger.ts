/** Gives roots their numbers and links, keeps them beside the log, and brings each to the second place, in order. */
import path from 'node:path';
import { appendDurably, linkAfter, type Root, type RootPlace, readRoots, rootLine } from './roots.ts';

export const ledgerFile = (dir: string): string => path.join(dir, 'roots.jsonl');
const retryMs = 2_000;

export class RootLedger {
  private last: Root | null = null;
  private readonly waiting: Root[] = [];
  private bringing: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;

  constructor(
    private readonly dir: string,
    private readonly place: RootPlace,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Of the log before this start. The last root is brought once more: a crash may have come between the two places. */
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
  /** Roots that have not reached the second place. */
  get behind(): number {
    return this.waiting.length;
  }

  /** Resolves when the root stands beside the log; the second place follows. */
  async seal(batch: Pick<Root, 'from' | 'to' | 'at' | 'root'>): Promise<void> {
    const { last } = this;
    const next: Root = { batch: (last?.batch ?? 0) + 1, ...batch, prev: linkAfter(last) };
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

  /** Tries once more what is waiting. */
  async close(): Promise<void> {
    if (this.retry) clearTimeout(this.retry);
    this.bring();
    await this.bringing;
    if (this.retry) clearTimeout(this.retry);
    await this.place.close();
  }
}

const noFile = (error: NodeJS.ErrnoException): Root[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
