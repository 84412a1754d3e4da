import { readFileSync } from 'node:fs';
import { type CsvRow, parseCsv } from './parse-csv.ts';

/** Which file beside this one holds which noun. Nouns that others refer to come first. */
export const referenceFiles = {
  Agency: 'agencies.csv',
  Region: 'regions.csv',
  Hall: 'halls.csv',
  Outpost: 'outposts.csv',
  Window: 'windows.csv',
  Officer: 'officers.csv',
  Matter: 'matters.csv',
  MatterMaterial: 'matter-materials.csv',
  MatterFee: 'matter-fees.csv',
  Delegation: 'delegations.csv',
  PowerListEntry: 'power-list.csv',
  SharingGrant: 'sharing-grants.csv',
  Task: 'tasks.csv',
} as const;

export type ReferenceNoun = keyof typeof referenceFiles;

/**
 * The invented town's reference data: for every noun its rows, in the order of the file, every value as written
 * there (text; empty = null). Throws an Error that names the file and the line when a file is not sound CSV.
 */
export const readReference = (): Record<ReferenceNoun, CsvRow[]> => {
  const read = ([noun, file]: [string, string]) => [
    noun,
    parseCsv(readFileSync(new URL(file, import.meta.url), 'utf8'), file),
  ];
  return Object.fromEntries(Object.entries(referenceFiles).map(read));
};
