/** Holders of a right, listed in one string: `张三、李四`, with their numbers in another, in the same order. */
import { creditCode } from '../kit/identifiers/credit-code.ts';
import { residentId } from '../kit/identifiers/resident-id.ts';
import { identify, Rejection, readText } from '../kit/index.ts';

export interface Holder {
  readonly name: string;
  readonly number: string | null;
  readonly organisation: boolean;
}

/** Never the middle dot: it belongs to names. */
const SEPARATORS = /[、，,；;／/|]/;
const NOTHING = /^(无|空|null|-+)$/i;

/**
 * Blanks separate only where nothing else does and each piece could be a name of its own: `张　三` is one person, whose
 * short name was spread out.
 */
function pieces(text: string, shortest: number): string[] {
  const byMark = text.split(SEPARATORS);
  const byBlank = text.split(/\s+/);
  const blanksSeparate = byMark.length === 1 && byBlank.every(piece => piece.length >= shortest);
  return (blanksSeparate ? byBlank : byMark).map(piece => piece.replaceAll(/\s/g, ''));
}
const looksLikeOrganisation = (name: string) =>
  /(公司|合作社|村民委员会|委员会|政府|学校|医院|银行|联合社)$/.test(name);

/** If a number fits both rules, the name decides. */
function isOrganisation(name: string, number: string | null): boolean {
  const asCompany = number !== null && identify(creditCode, number).faults.length === 0;
  const asPerson = number !== null && identify(residentId, number).faults.length === 0;
  return asCompany === asPerson ? looksLikeOrganisation(name) : asCompany;
}

/**
 * Pairs names with numbers by their order. Where there are fewer numbers the later holders have none; more numbers than
 * names cannot be assigned, so the record is parked.
 */
export function readHolders(names: unknown, numbers: unknown): readonly Holder[] {
  const nameText = readText(names);
  if (nameText === null) throw new Rejection('qlr', 'is missing');
  const each = pieces(nameText, 2).filter(name => name !== '');
  const numberText = readText(numbers);
  const numberOf = numberText === null ? [] : pieces(numberText, 15);
  if (numberOf.length > each.length) throw new Rejection('qlrzjh', 'has more numbers than qlr has names');
  return each.map((name, at) => {
    const given = numberOf[at] ?? '';
    const number = given === '' || NOTHING.test(given) ? null : given;
    return { name, number, organisation: isOrganisation(name, number) };
  });
}
