/** The town's villages and communities, from the region table that the hub uses too. */
import { readFileSync } from 'node:fs';
import type { Village } from './model.ts';

const REGIONS = new URL('../reference/regions.csv', import.meta.url);
const TOWN = '371482101';
/** A town with this many people has all its villages; a smaller one has a share of them, so that all sizes scale. */
const FULL_POPULATION = 30_000;

interface Region {
  readonly code: string;
  readonly name: string;
  readonly level: string;
  readonly validFrom: string;
  readonly validTo: string;
}

function readRegions(): Region[] {
  const [header = '', ...lines] = readFileSync(REGIONS, 'utf8')
    .replace(/^\uFEFF/, '')
    .trim()
    .split(/\r?\n/);
  const names = header.split(',');
  return lines.map(line => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ''])) as unknown as Region;
  });
}

/** Villages and communities that exist on a day. Throws where the region table is missing or holds none. */
export function readVillages(today: string, population: number): readonly Village[] {
  const all = readRegions().filter(
    ({ code, level, validFrom, validTo }) =>
      code.startsWith(TOWN) &&
      (level === 'VILLAGE' || level === 'COMMUNITY') &&
      validFrom <= today &&
      (validTo === '' || validTo > today),
  );
  if (all.length === 0) throw new Error('seeds/reference/regions.csv holds no village of the town');
  const count = Math.min(all.length, Math.max(3, Math.ceil((all.length * population) / FULL_POPULATION)));
  return Array.from({ length: count }, (_, at) => {
    const { code, name } = all[Math.floor((at * all.length) / count)]!;
    return { code, name };
  });
}
