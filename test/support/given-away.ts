/**
 * Measures what a visible column reveals about the persons whose rows it describes: how often it fits their birthday,
 * their sex or the digits of their identity number, compared with how often it would by chance.
 */
import { birthDateOf, sexOf } from '../../adapters/kit/identifiers/resident-id.ts';

/** A value as it is shown, and the identity number of the person whose row it stands in. */
export type Shown = readonly [value: string, residentId: string];
export interface GivenAway {
  readonly what: string;
  readonly times: number;
  readonly byChance: number;
  readonly of: number;
}

/**
 * The bound is five standard deviations of rare events plus four, which chance never reaches over a whole town's
 * columns.
 */
const isMore = (times: number, byChance: number) => Math.abs(times - byChance) > 5 * Math.sqrt(byChance) + 4;

/** @param pairs one for each person */
export function givenAway(pairs: readonly Shown[]): GivenAway[] {
  const found: GivenAway[] = [];
  const note = (what: string, times: number, byChance: number) => {
    if (isMore(times, byChance))
      found.push({ what, times, byChance: Math.round(byChance * 10) / 10, of: pairs.length });
  };
  birthdays(pairs, note);
  sexes(pairs, note);
  digits(pairs, note);
  return found;
}
type Note = (what: string, times: number, byChance: number) => void;

/** A month in a date, or in a number that begins with a date. */
const month = /(?<!\d)(?:19|20)\d{2}-?(0[1-9]|1[0-2])/;
const day = /(?<!\d)(?:19|20)\d{2}-?((?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))/;
const dayOf = (text: string) => day.exec(text)?.[1]?.replace('-', '');
const monthOf = (text: string) => {
  const found = month.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

function birthdays(pairs: readonly Shown[], note: Note): void {
  const born = pairs.map(([, id]) => birthDateOf(id));
  const days = pairs.map(([value]) => dayOf(value));
  fits(
    days,
    born.map(dayOf),
    (found, birthday) => found === birthday,
    (times, chance) => note('is the birthday', times, chance),
  );
  const months = pairs.map(([value]) => monthOf(value));
  for (let after = 0; after < 12; after++) {
    const isAfter = (found: number, birth: number) => (found - birth + 12) % 12 === after;
    fits(months, born.map(monthOf), isAfter, (times, chance) =>
      note(`is ${after} months after the birthday`, times, chance),
    );
  }
}

function sexes(pairs: readonly Shown[], note: Note): void {
  const sex = pairs.map(([, id]) => sexOf(id));
  const values = pairs.map(([value]) => value);
  const categories = new Set(values);
  if (categories.size <= 60) tell(values, sex, value => `${value} tells the sex`, note);
  for (let place = 1; place <= 20; place++) {
    const parity = values.map(value => {
      const digit = value.at(-place);
      return digit && /\d/.test(digit) ? String(Number(digit) % 2) : undefined;
    });
    tell(parity, sex, () => `digit ${place} from the end tells the sex`, note);
  }
}

/** Compares each value with each sex. */
function tell(
  values: readonly (string | undefined)[],
  sex: readonly string[],
  what: (value: string) => string,
  note: Note,
): void {
  for (const value of new Set(values)) {
    if (value === undefined) continue;
    fits(
      values,
      sex,
      (own, of) => own === value && of === 'MALE',
      (times, chance) => note(what(value), times, chance),
    );
  }
}

/** How often both fit, and how often they would if they were independent. */
function fits<A, B>(
  ours: readonly (A | undefined)[],
  theirs: readonly (B | undefined)[],
  together: (a: A, b: B) => boolean,
  tellIt: (times: number, byChance: number) => void,
): void {
  const both = ours.flatMap((a, i) => (a === undefined || theirs[i] === undefined ? [] : [[a, theirs[i]!] as const]));
  if (!both.length) return;
  const [a, b] = [counted(both.map(([x]) => x)), counted(both.map(([, y]) => y))];
  let chance = 0;
  for (const [x, n] of a) for (const [y, m] of b) if (together(x, y)) chance += (n * m) / both.length;
  tellIt(both.filter(([x, y]) => together(x, y)).length, chance);
}
const counted = <T>(list: readonly T[]): ReadonlyMap<T, number> =>
  new Map([...Map.groupBy(list, x => x)].map(([x, all]) => [x, all.length]));

const parts: Readonly<Record<string, (id: string) => string>> = {
  'the birth date': id => id.slice(6, 14),
  'the birth date in six digits': id => id.slice(8, 14),
  'the birthday': id => id.slice(10, 14),
  'the serial number': id => id.slice(14, 17),
  'the last four': id => id.slice(14),
};
function digits(pairs: readonly Shown[], note: Note): void {
  const values = pairs.map(([value]) => value.replaceAll(/[^0-9X]/g, ''));
  for (const [name, part] of Object.entries(parts)) {
    const wanted = pairs.map(([, id]) => part(id));
    const timesWith = (shift: number) =>
      values.filter((value, i) => value.includes(wanted[(i + shift) % wanted.length]!)).length;
    const shifts = Array.from({ length: 16 }, (_, i) => Math.floor(((i + 1) * pairs.length) / 18) + 1);
    const chance = shifts.reduce((sum, shift) => sum + timesWith(shift), 0) / shifts.length;
    note(`holds ${name}`, timesWith(0), chance);
  }
}
