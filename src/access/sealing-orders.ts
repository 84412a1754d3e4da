/**
 * Orders by which the reads of one reader are sealed (隐匿查询): left out of the report to the citizen until the order ends.
 * Each has a number, a reader and a last day; a security administrator writes it down.
 */
import type { SealingOrder } from '../domain/sealing-order.ts';
import { townDay } from '../domain/town-day.ts';
import type { Principal } from './principal.ts';

const pollMs = 1_000;

/** The orders in force, read again every second. */
export class SealingOrders {
  private known: readonly SealingOrder[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly read: () => Promise<readonly SealingOrder[]>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The last day of the order, if it is in force and this reader's. */
  find(number: string, { subject }: Pick<Principal, 'subject'>): string | null {
    const today = townDay(new Date());
    const found = this.known.find(
      order => order.number === number && order.subject === subject && today <= order.until,
    );
    return found?.until ?? null;
  }

  async start(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => {
      this.refresh().catch(error => {
        // Without an answer nothing is sealed.
        this.known = [];
        this.onError(error);
      });
    }, pollMs);
  }
  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }
  async refresh(): Promise<void> {
    this.known = await this.read();
  }
}
