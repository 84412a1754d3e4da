/** Makes the invented town: the same options give exactly the same town. */
import { BusinessMaker } from './businesses.ts';
import type { Township } from './model.ts';
import { makePlots } from './plots.ts';
import { makeRandom } from './random.ts';
import { ResidentMaker } from './residents.ts';
import { readVillages } from './villages.ts';

const RESIDENTS_PER_BUSINESS = 20;

export interface TownshipOptions {
  /** Number of residents, including migrants and people who died recently. */
  readonly population: number;
  readonly seed: number;
  readonly today?: string;
}

/** Throws where `seeds/reference/regions.csv` does not hold the town's villages. */
export function makeTownship({ population, seed, today = '2026-11-23' }: TownshipOptions): Township {
  const random = (purpose: string) => makeRandom(seed, purpose);
  const villages = readVillages(today, population);
  const residents = new ResidentMaker(random('residents'), today, villages).make(population);
  const businesses = new BusinessMaker(random('businesses'), today, villages, residents).make(
    Math.round(population / RESIDENTS_PER_BUSINESS),
  );
  const plots = makePlots(random('plots'), villages, residents, businesses);
  return { seed, today, villages, residents, businesses, plots, random };
}
