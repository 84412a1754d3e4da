/** The numbers of food and drug licences, old and new, each brought to one spelling. */
import { drugLicence } from '../kit/identifiers/drug-licence.ts';
import { foodLicence } from '../kit/identifiers/food-licence.ts';
import { productionLicence } from '../kit/identifiers/production-licence.ts';
import { type Format, Rejection } from '../kit/index.ts';

/** The numbers with a known structure. Numbers from before 2016 and of local registrations (三小) have none. */
const formats: readonly (readonly [RegExp, Format])[] = [
  [/^JY/, foodLicence],
  [/^SC/, productionLicence],
  [/^鲁[A-Z]{2}\d/, drugLicence],
];

const formatOf = (plain: string): Format | null => formats.find(([start]) => start.test(plain))?.[1] ?? null;

/** `鲁餐证字〔2012〕371482-000123号` and `鲁餐证字（2012）371482-000123 号` are one number. */
const oldSpelling = (raw: string): string =>
  raw
    .normalize('NFKC')
    .replaceAll(/\s/g, '')
    .replaceAll(/[[〔【]/g, '(')
    .replaceAll(/[\]〕】]/g, ')')
    .toUpperCase();

/** One spelling for all spellings; does not check validity. */
export const normaliseLicenceNumber = (raw: string): string => {
  const plain = foodLicence.normalise(raw);
  return formatOf(plain) ? plain : oldSpelling(raw);
};

/** Throws a Rejection when the number should have a check digit or structure and does not fit it. */
export function demandLicenceNumber(column: string, raw: string): string {
  const number = normaliseLicenceNumber(raw);
  const format = formatOf(number);
  const faults = format?.faults(number) ?? [];
  if (format && faults.length) throw new Rejection(column, `is not a valid ${format.name}: ${faults.join(', ')}`);
  return number;
}
