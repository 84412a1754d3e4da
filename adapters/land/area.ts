/** Areas in square metres, so that the hub can compare them. */
import { Rejection, readCode, readDecimal, readText, required } from '../kit/index.ts';
import { areaUnit } from './codes.ts';

/** A mu is 2000/3 square metres: the usual 666.67 is a rounding, and three mu must be 2,000. */
const SQUARE_METRES = { SQUARE_METRE: [1n, 1n], MU: [2000n, 3n], HECTARE: [10_000n, 1n] } as const;

const DECIMALS = 6;
/** Decimal digits without rounding: `3.5` is 3,500,000 millionths. */
const millionths = (decimal: string): bigint => {
  const [whole = '0', part = ''] = decimal.split('.');
  return BigInt(whole + part.padEnd(DECIMALS, '0'));
};
const asDecimal = (cents: bigint): string => `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;

export interface Area {
  /** Two decimals. */
  readonly areaM2: string;
  /** The number and the unit as the source wrote them: `3.50 亩`. */
  readonly areaAsWritten: string;
}

/** Reads a required area: its number in one column, its unit in another. */
export function readArea(field: string, number: unknown, unitField: string, unit: unknown): Area {
  const value = required(field, readDecimal(field, number));
  if (value.startsWith('-')) throw new Rejection(field, 'is negative');
  const name = required(unitField, readCode(unitField, areaUnit, 'bdc', unit));
  const [times, by] = SQUARE_METRES[name];
  const divisor = by * 10n ** BigInt(DECIMALS - 2);
  const cents = (millionths(value) * times + divisor / 2n) / divisor;
  return { areaM2: asDecimal(cents), areaAsWritten: `${readText(number)} ${areaUnit.values[name].zh}` };
}
