/** Records that agencies might state: one for each personal field that the pretend systems leave without a value. */
import type { Field } from '../../../adapters/kit/record.ts';
import type { Township } from '../../../seeds/township/model.ts';
import type { PlainRow } from '../../../src/access/rows.ts';
import { isStated, type StoredNoun } from '../../../src/catalog/catalog.ts';
import type { Store } from '../../../src/store/apply.ts';
import { plainStatement } from '../plain-statement.ts';
import { stateRecords } from '../state-records.ts';
import type { TownInMemory } from '../town-in-memory.ts';

/**
 * States another register entry of an organisation, with another representative, so that agencies differ in a personal
 * fact.
 */
export async function dispute(store: Store, { rows }: TownInMemory, township: Township): Promise<void> {
  for (const noun of store.catalog.all()) {
    const about = noun.links.find(({ target }) => target.name === 'Organisation');
    const personal = about?.states.filter(([fact]) => about.target.columns.get(fact)!.field.sensitivity === 'personal');
    if (!about || !personal?.length || !isStated(noun)) continue;
    const code = rows.get('Organisation')!.find(row => row.representative_name !== null)!.credit_code;
    const persons = noun.links.filter(({ target }) => target.name === 'Person').flatMap(({ from }) => from);
    const other = township.residents[9]!;
    const given = {
      [about.from[0]!]: code,
      ...Object.fromEntries(personal.map(([, field]) => [field, other.name])),
      ...Object.fromEntries(persons.map(field => [field, other.residentId])),
    };
    await stateRecords(store, noun.agencies[0]!, [plainStatement(noun.kind, 'another entry', given)]);
  }
}

export async function fillFields(store: Store, { rows }: TownInMemory, township: Township): Promise<void> {
  for (const noun of store.catalog.all()) {
    if (!isStated(noun) || noun.origin === 'town') continue;
    for (const { name, column, field } of noun.columns.values()) {
      const prefix = field.sensitivity === 'personal' ? '' : field.format?.personPrefix;
      const isFilled = rows
        .get(noun.name)!
        .some(row => row[column] !== null && String(row[column]).startsWith(prefix ?? ''));
      if (prefix === undefined || isFilled) continue;
      const given = { ...formatted(noun, rows.get(noun.name)![0], township), [name]: valueFor(field, township) };
      await stateRecords(store, noun.agencies[0]!, [plainStatement(noun.kind, `filled ${name}`, given)]);
    }
  }
}

/** Identifiers that a record cannot be without: those of a similar record, or else those of somebody in the town. */
const formatted = ({ columns }: StoredNoun, like: PlainRow | undefined, township: Township) =>
  Object.fromEntries(
    [...columns.values()]
      .filter(({ field }) => field.format && !field.optional)
      .map(({ name, column, field }) => [name, like?.[column] ?? valueFor(field, township)]),
  );

const plain = { integer: 7, decimal: '7', date: '2001-02-03', instant: '2001-02-03T09:00:00+08:00', flag: true };

/** A value that belongs to somebody in the town. */
function valueFor({ format, scalar, table, mask }: Field, { residents, businesses, villages }: Township): unknown {
  const { residentId, phone, address, name } = residents[7]!;
  const trader = businesses.find(({ type }) => type === 'SOLE_TRADER')!.creditCode;
  const identifiers = [residentId, trader, phone, villages[0]!.code];
  if (format) return identifiers.find(value => !format.faults(format.normalise(value)).length);
  if (table) return Object.keys(table.values)[0];
  return scalar === 'text' ? (mask === 'name' ? name : address) : (plain[scalar as 'date'] ?? null);
}
