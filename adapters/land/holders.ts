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
 * short name was spread out. The words of a name in other letters belong together: `JOHN SMITH`.
 */
function namesIn(text: string): string[] {
  const byMark = text.split(SEPARATORS).map(piece => piece.trim());
  const byBlank = byMark.length === 1 ? text.split(blanksBetweenNames) : [];
  const blanksSeparate = byBlank.length > 1 && byBlank.every(piece => [...piece].length >= 2);
  const names = blanksSeparate ? byBlank : byMark;
  return names.map(name => name.replaceAll(blanksAtHan, '').replaceAll(/\s+/g, ' ')).filter(name => name !== '');
}
const blanksBetweenNames = /(?<=\p{Script=Han})\s+|\s+(?=\p{Script=Han})/u;
const blanksAtHan = new RegExp(blanksBetweenNames, 'gu');

function numbersIn(text: string): string[] {
  const byMark = text.split(SEPARATORS);
  const byBlank = text.split(/\s+/);
  const blanksSeparate = byMark.length === 1 && byBlank.every(piece => piece.length >= 15);
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
  const each = namesIn(nameText);
  const numberText = readText(numbers);
  const numberOf = numberText === null ? [] : numbersIn(numberText);
  if (numberOf.length > each.length) throw new Rejection('qlrzjh', 'has more numbers than qlr has names');
  return each.map((name, at) => {
    const given = numberOf[at] ?? '';
    const number = given === '' || NOTHING.test(given) ? null : given;
    return { name, number, organisation: isOrganisation(name, number) };
  });
}
