/** About how many rows each table of a town has, by its population; counted in the towns of the benchmark. */
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { RowsOf } from '../../src/query/scan-cost.ts';

const perPerson: Readonly<Record<string, number>> = {
  Person: 1,
  Case: 5,
  CaseReport: 5,
  CaseClosing: 5,
  Approval: 12.5,
};
/** Reference data does not grow with the town. */
const ofReference = 1_000;
const agencies = 10;

export function townSizes(catalog: Catalog, population: number): RowsOf {
  return noun => {
    const { name, origin } = catalog.get(noun);
    if (name === 'Agency') return agencies;
    return origin === 'town' ? ofReference : population * (perPerson[name] ?? 1);
  };
}
