/** What is left of a personal value for readers who may not see it whole. */
import type { MaskName, Scalar } from '../../adapters/kit/record.ts';

/** Two-character surnames (复姓), so that the given name and not half of the surname is hidden. */
const compoundSurnames = new Set(
  '欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 司徒 夏侯 轩辕 南宫 端木 独孤 西门 申屠'.split(' '),
);

const stars = (count: number) => '*'.repeat(Math.max(0, count));
const ends = (text: string, head: number, tail: number) =>
  text.length > head + tail
    ? text.slice(0, head) + stars(text.length - head - tail) + text.slice(text.length - tail)
    : stars(text.length);

function name(text: string): string {
  const dot = text.search(/[·•．・]/);
  if (dot > 0) return text.slice(0, dot) + stars(text.length - dot);
  const surname = compoundSurnames.has(text.slice(0, 2)) && text.length > 2 ? 2 : 1;
  // Of three characters the last stays (张*丰); of two only the surname (张*).
  return text.length - surname >= 2 && surname === 1
    ? text.slice(0, surname) + stars(text.length - surname - 1) + text.slice(-1)
    : text.slice(0, surname) + stars(text.length - surname);
}

/** Of a landline (固定电话) the area and the last three digits stay: `0534-****678`. */
const phone = (text: string) => {
  const area = /^(010|02\d|0[3-9]\d{2})-?\d{7,8}$/.exec(text)?.[1];
  return area ? `${area}-****${text.slice(-3)}` : ends(text, 3, 4);
};

/** Down to the town or village; the house is nobody's business. */
const address = (text: string) => {
  const part = /^.*?(?:镇|街道|乡|村|社区)/.exec(text)?.[0];
  return `${part ?? (text.length > 6 ? text.slice(0, 3) : '')}***`;
};

const masks: Readonly<Record<MaskName, (text: string) => string | null>> = {
  identity: text => ends(text, 6, 4),
  name,
  phone,
  address,
  // The province and the last two stay: 鲁N***12.
  plate: text => ends(text, 2, 2),
  account: text => ends(text, 0, 4),
  birth: text => text.slice(0, 4),
  hidden: () => null,
};

/** Values that are not text (a date of birth) cannot be shown in part, so nothing is. */
export const maskValue = (mask: MaskName, scalar: Scalar, value: unknown): unknown =>
  value === null || value === undefined || scalar !== 'text' ? null : masks[mask](String(value));
