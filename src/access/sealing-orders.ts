/**
 * Orders by which the reads of one reader are sealed (隐匿查询): left out of the report to the citizen until the order
 * ends. Each has a number, a reader and a last day; a security administrator enters it.
 */
import type { SealingOrder } from '../domain/sealing-order.ts';
import { townDay } from '../domain/town-day.ts';
import { PolledState } from './polled-state.ts';
import type { Principal } from './principal.ts';

/** The orders in force, read again every second. */
export class SealingOrders extends PolledState<readonly SealingOrder[]> {
  constructor(read: () => Promise<readonly SealingOrder[]>, onError: (error: unknown) => void) {
    super([], read, onError);
  }

  /** The last day of the order, if it is in force and this reader's. */
  find(number: string, { subject }: Pick<Principal, 'subject'>): string | null {
    const today = townDay(new Date());
    const found = this.known.find(
      order => order.number === number && order.subject === subject && today <= order.until,
    );
    return found?.until ?? null;
  }
}
