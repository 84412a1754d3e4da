/**
 * How many persons rows are about, at least: each person stands in one of 64 bits, by the last byte of an id that is as
 * good as random. Bits of rows are joined by `or`, so PostgreSQL adds them up like a sum, those of any groups together
 * follow from their own, and nobody can be told from them. Two persons may share a bit: of five that is so once in
 * seven times, and they count as four. Never does one count as two.
 */
import type { Noun, StoredNoun } from '../../catalog/catalog.ts';

/** The bits of no row. */
export const nobody = 0n;
export const together = (parts: readonly bigint[]): bigint => parts.reduce((all, bits) => all | bits, nobody);
export const readBits = (text: string | null): bigint => BigInt.asUintN(64, BigInt(text ?? 0));

export function atLeast(bits: bigint): number {
  let persons = 0;
  for (let left = bits; left; left &= left - 1n) persons += 1;
  return persons;
}

/**
 * For whom a row stands: the first person that it is about, or whom the things are about that it is about (an approval:
 * the applicant of its case); where there is none, itself.
 */
export const standsForSql = (noun: StoredNoun): string => `coalesce(${[...personsSql(noun, 't'), 't.id'].join(', ')})`;

function personsSql({ links }: Noun, alias: string): string[] {
  const own = links.filter(({ target }) => target.name === 'Person');
  const others = links.filter(({ target }) => target.links.some(link => link.target.name === 'Person'));
  const behind = others.map(({ column, target }) => {
    const persons = personsSql(target, `${alias}x`).join(', ');
    return `(select coalesce(${persons}) from ${target.table} ${alias}x where ${alias}x.id = ${alias}."${column}")`;
  });
  return [...own.map(({ column }) => `${alias}."${column}"`), ...behind];
}

/** The bits of the rows of a group that fit a condition, of all without one. */
export const personBitsSql = (noun: StoredNoun, condition?: string): string =>
  `coalesce(bit_or(1::bigint << (get_byte(uuid_send(${standsForSql(noun)}), 15) & 63)) ${
    condition ? `filter (where ${condition})` : ''
  }, 0)`;
