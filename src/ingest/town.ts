/**
 * The town's own records: reference data (agencies, regions, matters, the power list, ...), stated like an agency's.
 */
import type { Adapter } from '../../adapters/kit/contract.ts';
import { readCode } from '../../adapters/kit/reading.ts';
import type { Field } from '../../adapters/kit/record.ts';
import type { Statement } from '../../adapters/kit/statement.ts';
import type { StoredNoun } from '../catalog/catalog.ts';
import { TOWN } from '../catalog/nouns.ts';
import type { Store } from '../store/apply.ts';
import { checkStatement } from './check.ts';

/** Rows of text by the name of their noun; an empty text is no value. */
export type ReferenceRows = Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;

/** Reference data is made by hand: an error in it stops the loading, with the noun, the row and the reason. */
export class TownDataError extends Error {
  override readonly name = 'TownDataError';
}

/**
 * States the town's records; `version` is the day of the data or any text that sorts later. Returns how many changed.
 */
export async function stateTown(store: Store, rows: ReferenceRows, version: string): Promise<number> {
  const records = Object.entries(rows).flatMap(([name, list]) => {
    const noun = store.catalog.stored(name);
    return list.map((row, i) => validRecord(noun, row, version, `${name}, row ${i + 1}`));
  });
  const { changes } = await store.apply({ agency: TOWN, records, parked: [] });
  return changes;
}

/**
 * An agency with a folder but no reference record is known by its code and title; the town's own record is newer and
 * wins.
 */
export async function stateAgencies(store: Store, adapters: readonly Adapter[]): Promise<void> {
  const rows = adapters.map(({ agency }) => ({
    code: agency.code,
    name: agency.title.zh,
    nameEn: agency.title.en,
    kind: 'OTHER',
  }));
  await stateTown(store, { Agency: rows }, '0');
}

function validRecord(noun: StoredNoun, row: Readonly<Record<string, string>>, version: string, place: string) {
  const data: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(row)) {
    const column = noun.columns.get(name);
    if (!column) throw new TownDataError(`${place}: ${name} is not a field of ${noun.name}`);
    data[name] = text === '' ? null : readValue(column.field, name, text);
  }
  const sourceId = noun.kind.key.map(name => data[name]).join('@');
  const statement: Statement = { kind: noun.name, sourceId, version, deleted: false, data };
  const outcome = checkStatement(noun.kind, statement);
  if ('record' in outcome) return outcome.record;
  const { field, reason } = outcome.rejects[0]!;
  throw new TownDataError(`${place}: ${field} ${reason}`);
}

function readValue(field: Field, name: string, text: string): unknown {
  if (field.scalar === 'integer') return Number(text);
  if (field.scalar === 'flag') return text === 'true';
  const { table } = field;
  if (table && !(text in table.values)) return readCode(name, table, 'gbt39046', text);
  return text;
}
