/** How identity numbers are declared, and years for statistics, where a day would reveal the number. */
import { residentId } from './identifiers/resident-id.ts';

export const identityNumber = {
  format: residentId,
  sensitivity: 'personal',
  mask: 'identity',
  reveals: ['Person.birthDate', 'Person.sex'],
} as const;

/** A year and ten digits of an identity number leave some thirty candidates. */
export const statisticalYear = { sensitivity: 'internal', hiddenBeside: 'identity', optional: true } as const;
