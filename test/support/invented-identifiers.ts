/** Valid identifiers that belong to nobody, chosen by a number. */
import { creditCodeCheck } from '../../adapters/kit/identifiers/credit-code.ts';
import { residentIdCheck } from '../../adapters/kit/identifiers/resident-id.ts';

/** @param n 0 to 999 */
export function inventedResidentId(n: number): string {
  const first17 = `371482${1950 + (n % 50)}0${1 + (n % 9)}1${n % 10}${String(n).padStart(3, '0')}`;
  return first17 + residentIdCheck(first17);
}

/** @param n 0 to 999,999 */
export function inventedCreditCode(n: number): string {
  const first17 = `93371482MA3${String(n).padStart(6, '0')}`;
  return first17 + creditCodeCheck(first17);
}
