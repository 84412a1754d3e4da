/** How identity numbers are declared, and years that serve statistics where a day would give the number away. */
import { residentId } from './identifiers/resident-id.ts';

export const identityNumber = {
  format: residentId,
  sensitivity: 'personal',
  mask: 'identity',
  reveals: ['Person.birthDate', 'Person.sex'],
} as const;

/** A year and ten digits of an identity number leave some thirty numbers. */
export const statisticalYear = { sensitivity: 'internal', hiddenBeside: 'identity', optional: true } as const;
