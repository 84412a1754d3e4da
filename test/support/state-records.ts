/**
 * Puts statements of an agency into a hub as its adapter would, where a test needs more control than a pretend system
 * gives.
 */
import type { Statement } from '../../adapters/kit/statement.ts';
import { checkStatement } from '../../src/ingest/check.ts';
import type { Store } from '../../src/store/apply.ts';
import type { ValidRecord } from '../../src/store/rows.ts';

/** Throws when the validator would park one of them. */
export const validRecords = (store: Store, statements: readonly Statement[]): ValidRecord[] =>
  statements.map(statement => {
    const outcome = checkStatement(store.catalog.get(statement.kind).kind, statement);
    if ('record' in outcome) return outcome.record;
    throw new Error(`${statement.kind}: ${outcome.rejects.map(r => `${r.field} ${r.reason}`).join(', ')}`);
  });

/** States the records in one transaction; returns how many changes resulted. */
export async function stateRecords(store: Store, agency: string, statements: readonly Statement[]): Promise<number> {
  const { changes } = await store.apply({ agency, records: validRecords(store, statements), parked: [] });
  return changes;
}
