/** Takes what an agency pushes: acknowledged only once it is stored. */
import { type Adapter, type AgencySource, type Delivery, SourceError } from '../../adapters/kit/contract.ts';
import { HubError } from '../domain/error-codes.ts';
import type { Store } from '../store/apply.ts';
import type { Health } from './health.ts';
import { Restater } from './restate.ts';

export interface Receipt {
  readonly stored: number;
  readonly parked: number;
}

export class Receiver {
  private readonly restater: Restater;

  constructor(
    private readonly parts: {
      readonly adapter: Adapter;
      readonly source: AgencySource<unknown>;
      readonly store: Store;
      readonly health: Health;
      readonly onChanges: () => void;
    },
  ) {
    this.restater = new Restater(parts.adapter);
  }

  async receive(delivery: Delivery): Promise<Receipt> {
    const { adapter, source, store, health, onChanges } = this.parts;
    const agency = adapter.agency.code;
    const items = await source.push!(delivery).catch((error: unknown) => {
      if (!(error instanceof SourceError)) throw error;
      throw new HubError(
        'DELIVERY_REFUSED',
        `The delivery of ${agency} was refused: ${error.message}`,
        { agency },
        { cause: error },
      );
    });
    const { records, parked } = this.restater.restate(items);
    const { changes } = await store.apply({ agency, records, parked });
    if (changes) onChanges();
    await health.succeeded(agency, { read: records.length + parked.length, caughtUp: true });
    return { stored: records.length, parked: parked.length };
  }
}
