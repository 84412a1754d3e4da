/**
 * How streams read: over connections of their own, so neither readers who query nor agencies wait for their filters, in
 * places that are shared like those of queries, and under a time-out of their own.
 */
import type { ReadRows, TextRows } from '../store/database.ts';
import type { Snapshots } from '../store/snapshots.ts';
import { Batches, type BatchLimits, wasCancelled } from './batches.ts';
import { ReadPlaces, type ReadShare, unboundedPlaces } from './read-places.ts';

/** Reads that see everything as it was at one moment. */
export interface MomentReads {
  readonly read: ReadRows;
  readonly batches: Batches;
}

export class StreamReads {
  constructor(
    private readonly snapshots: Pick<Snapshots, 'read'>,
    private readonly places: ReadPlaces,
    private readonly limits: BatchLimits,
  ) {}

  reads(share: ReadShare): ReadRows {
    return (text, values) => {
      let rows: TextRows = [];
      return this.paid(share, signal =>
        this.snapshots.read(
          false,
          async statement => {
            rows = await statement(text, values, true);
          },
          false,
          signal,
        ),
      ).then(() => rows);
    };
  }

  /** The work reads in one place and over one connection. */
  async atOneMoment<T>(share: ReadShare, work: (moment: MomentReads) => Promise<T>): Promise<T> {
    const found: T[] = [];
    await this.paid(share, signal =>
      this.snapshots.read(
        true,
        async statement => {
          const read: ReadRows = (text, values) => statement(text, values, false);
          const snapshot = {
            read: (_: boolean, statements: Parameters<Snapshots['read']>[1]) => statements(statement),
          };
          found.push(
            await work({ read, batches: new Batches(snapshot, this.limits, new ReadPlaces(unboundedPlaces)) }),
          );
        },
        true,
        signal,
      ),
    );
    return found[0]!;
  }

  private async paid<T>(share: ReadShare, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.places.within(share, async signal => {
      const startMs = performance.now();
      try {
        return await work(signal);
      } catch (error) {
        if (wasCancelled(error)) share.spent(performance.now() - startMs);
        throw error;
      }
    });
  }
}
