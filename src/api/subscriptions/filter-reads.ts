/** How filters of streams are read and paid for. */
import { budgetKey } from '../../access/limits.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { FilterGroup } from '../../feed/group-handler.ts';
import { SlowFilters } from '../../feed/slow-filters.ts';
import { wasCancelled } from '../../query/batches.ts';
import { type ReadShare, untilAborted } from '../../query/read-places.ts';
import type { AdmissionControl } from '../admission/admission-control.ts';
import type { Subscriber } from './event-execution.ts';

type AnyFilterGroup = FilterGroup<unknown, Subscriber>;

/** What a test of related rows costs for each change: about the rows that it finds by an index. */
const unitsPerTest = 0.1;

export class FilterReads {
  constructor(private readonly admissionControl: Pick<AdmissionControl, 'charge' | 'chargeTime'>) {}

  /**
   * Filters that are tested together are read for all; one that is tested alone uses the share of its reader, and they
   * pay for the time if it gives no answer.
   */
  shareOf(filterGroups: readonly AnyFilterGroup[], signal: AbortSignal): ReadShare {
    const [first] = filterGroups;
    const alone = filterGroups.length === 1 && first!.isAlone ? first! : null;
    return this.share(alone, alone !== null, signal);
  }

  /** Of a snapshot, which is read for one filter. Few are read at a time: each holds a connection for all its pages. */
  snapshotShare(filterGroup: AnyFilterGroup): ReadShare {
    return this.share(filterGroup, true, filterGroup.ending.signal);
  }

  private share(filterGroup: AnyFilterGroup | null, isHeavy: boolean, signal: AbortSignal): ReadShare {
    const readers = [...(filterGroup?.members ?? [])].map(({ reader }) => reader);
    const [first] = readers;
    return {
      reader: first ? budgetKey(first.principal, first.address) : null,
      isHeavy,
      whenGone: untilAborted(signal),
      spent: ms => {
        for (const { principal, address } of readers)
          this.admissionControl.chargeTime(principal, address, ms / readers.length);
      },
    };
  }

  /** Charges for the tests of changes; returns the readers whose budget is spent. Who share a filter share its cost. */
  charge({ relationTests }: AnyFilterGroup, changes: number, readers: readonly Subscriber[]) {
    const refused = new Map<Subscriber, HubError>();
    const units = (relationTests * changes * unitsPerTest) / readers.length;
    for (const reader of readers) {
      try {
        this.admissionControl.charge(reader.principal, reader.address, units);
      } catch (error) {
        if (!(error instanceof HubError)) throw error;
        refused.set(reader, error);
      }
    }
    return refused;
  }
}

/** Tells a statement that ran into its time-out apart from other failures. */
export async function inTime<T>(tests: Promise<T>): Promise<T> {
  try {
    return await tests;
  } catch (error) {
    throw wasCancelled(error) ? new SlowFilters(error) : error;
  }
}
