/** Takes what an agency pushes: acknowledged only once it is stored. */
import {
  type Adapter,
  type Delivery,
  type DeliveryHeaders,
  type DeliveryReader,
  SourceError,
} from '../../adapters/kit/contract.ts';
import { HubError } from '../domain/error-codes.ts';
import type { Store } from '../store/apply.ts';
import { readingFailure, storingFailure } from './failure-words.ts';
import type { Health } from './health.ts';
import { demandItems, type PageBounds } from './page-envelope.ts';
import { Restater } from './restate.ts';
import { storePage } from './store-page.ts';
import { within } from './within.ts';

export interface Receipt {
  readonly stored: number;
  readonly parked: number;
}

export interface PushLimits {
  /** For the adapter to read a delivery. */
  readonly deadlineMs: number;
  readonly bounds: PageBounds;
}

export class Receiver {
  private readonly restater: Restater;

  constructor(
    private readonly parts: {
      readonly adapter: Adapter;
      readonly reader: DeliveryReader<unknown>;
      readonly store: Store;
      readonly health: Health;
      readonly limits: PushLimits;
      readonly onChanges: () => void;
    },
  ) {
    this.restater = new Restater(parts.adapter);
  }

  /** Judges a delivery before its body is read. @throws HubError DELIVERY_REFUSED */
  admit(headers: DeliveryHeaders): void {
    try {
      this.parts.reader.admit(headers);
    } catch (error) {
      throw this.refused(error);
    }
  }

  /** @throws HubError DELIVERY_REFUSED when the agency did not send it, or it cannot be read */
  async receive(delivery: Delivery): Promise<Receipt> {
    const { adapter, store, health, onChanges } = this.parts;
    const agency = adapter.agency.code;
    const items = await this.read(delivery);
    const { present: _, ...restated } = this.restater.restate(items);
    try {
      const { changes, records, items: parked } = await storePage(store, this.restater, { agency, ...restated });
      if (changes) onChanges();
      await health.succeeded(agency, { read: records + parked.length, caughtUp: true });
      return { stored: records, parked: parked.length };
    } catch (error) {
      await health.failed(agency, storingFailure(error)).catch(() => {});
      throw error;
    }
  }

  private async read(delivery: Delivery) {
    const { adapter, reader, limits, health } = this.parts;
    const agency = adapter.agency.code;
    try {
      const items = await within(limits.deadlineMs, () => reader.read(delivery));
      demandItems(items, limits.bounds);
      return items;
    } catch (error) {
      // Anybody can send something that is refused; what is no refusal is the adapter's fault, and its integrator must know.
      if (error instanceof SourceError && error.kind !== 'TIMEOUT') throw this.refused(error);
      await health.failed(agency, readingFailure(error)).catch(() => {});
      throw error;
    }
  }

  private refused(error: unknown): unknown {
    if (!(error instanceof SourceError)) return error;
    const agency = this.parts.adapter.agency.code;
    const message = `The delivery of ${agency} was refused: ${error.message}`;
    return new HubError('DELIVERY_REFUSED', message, { agency }, { cause: error });
  }
}
