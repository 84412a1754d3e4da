/**
 * What is left of a personal value for readers who may not see it whole. A mask shows a part only of a value that has
 * the expected form; any other value, free text above all, becomes stars, one for each visible character.
 */
import { isNameDot } from '../../adapters/kit/names.ts';
import type { MaskName, Scalar } from '../../adapters/kit/record.ts';
import { charactersOf, visibleLength } from './characters.ts';

/** Two-character surnames (复姓), so that the given name and not half of the surname is hidden. */
const compoundSurnames = new Set(
  '欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 司徒 夏侯 轩辕 南宫 端木 独孤 西门 申屠'.split(' '),
);
/** A longer text before the dot is not the first part of a name. */
const maxFirstPart = 8;

const starred = (count: number) => '*'.repeat(count);
const stars = (text: string) => starred(visibleLength(text));
/** For text whose characters are one code unit each. */
const ends = (text: string, head: number, tail: number) =>
  text.slice(0, head) + starred(text.length - head - tail) + text.slice(text.length - tail);

/** Control and format characters have no place in a name, and would join what stands beside them. */
const unwritten = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
function name(text: string): string {
  if (text === '' || unwritten.test(text)) return stars(text);
  const characters = charactersOf(text);
  const { length } = characters;
  const shown = (head: number, tail: number) =>
    characters.slice(0, head).join('') + starred(length - head - tail) + characters.slice(length - tail).join('');
  const dot = characters.findIndex(isNameDot);
  if (dot > 0 && dot <= maxFirstPart) return shown(dot, 0);
  if (length > 2 && compoundSurnames.has(characters[0]! + characters[1]!)) return shown(2, 0);
  // Of three characters the last stays (张*丰); of two only the surname (张*); a single one may be the whole name.
  if (length === 1) return stars(text);
  return shown(1, length > 2 ? 1 : 0);
}

/** Identity numbers have 15 or 18 characters; other identifiers that are as long are shown like them. */
const identifier = /^[0-9A-Za-z]{15,}$/;
const account = /^[0-9A-Za-z]{8,}$/;
const plate = /^\p{Script=Han}[A-Z][0-9A-Z]{5,6}$/u;
const landline = /^((?:010|02\d|0[3-9]\d{2})-?)\d{7,8}$/;
const telephone = /^\+?\d[\d-]{10,}$/;

/** Of a landline number (固定电话) the area code and the last three digits stay: `0534-****678`. */
function phone(text: string): string {
  const area = landline.exec(text)?.[1];
  if (area) return ends(text, area.length, 3);
  return telephone.test(text) ? ends(text, 3, 4) : stars(text);
}

/** An address down to the town or village; the house is hidden. */
const place = (kinds: string) => `(?:(?:(?![省市县区旗镇乡村住在的])\\p{Script=Han}){1,4}(?:${kinds}))?`;
const administrative = new RegExp(
  `^${place('省|市|自治区')}${place('市|州|地区')}${place('市|县|区|旗')}${place('镇|乡|街道|村|社区')}`,
  'u',
);
function address(text: string): string {
  const [shown] = administrative.exec(text)!;
  return shown + starred(visibleLength(text) - visibleLength(shown));
}

const shownIf = (form: RegExp, head: number, tail: number) => (text: string) =>
  form.test(text) ? ends(text, head, tail) : stars(text);

const masks: Readonly<Record<MaskName, (text: string) => string | null>> = {
  identity: shownIf(identifier, 6, 4),
  region: shownIf(identifier, 6, 0),
  name,
  phone,
  address,
  // The province and the last two characters stay: 鲁N***12.
  plate: shownIf(plate, 2, 2),
  account: shownIf(account, 0, 4),
  stars,
  hidden: () => null,
};

/** Values that are not text (a date of birth) cannot be shown in part, so nothing is. */
export const maskValue = (mask: MaskName, scalar: Scalar, value: unknown): string | null =>
  value === null || value === undefined || scalar !== 'text' ? null : masks[mask](String(value).toWellFormed());
