/** Plain objects inside an answer: a source, a spelling, a page's info. */
import { typeOf, type Wanted } from './wanted.ts';

export type PlainValue = Readonly<Record<string, unknown>>;

/** Writes the wanted members; what is not a member by name is given by `special`. */
export function plainWriter(
  wanted: readonly Wanted[],
  special: (wanted: Wanted, value: PlainValue) => string = () => 'null',
): (value: PlainValue) => string {
  return value => {
    const parts = wanted.map(each => {
      const { key, read } = each;
      const text =
        read.kind === 'member'
          ? JSON.stringify(value[read.name] ?? null)
          : read.kind === 'typename'
            ? `"${typeOf(each)}"`
            : special(each, value);
      return `"${key}":${text}`;
    });
    return `{${parts.join(',')}}`;
  };
}
