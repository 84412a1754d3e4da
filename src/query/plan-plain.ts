/** Plain objects inside an answer: a source, a spelling, a page's info. */
import { type SelectedField, typeOf } from './selected-field.ts';

export type PlainValue = Readonly<Record<string, unknown>>;

/** Writes the selected members; `special` gives the text of those that are not a member by name. */
export function plainWriter(
  selected: readonly SelectedField[],
  special: (selected: SelectedField, value: PlainValue) => string = () => 'null',
): (value: PlainValue) => string {
  return value => {
    const parts = selected.map(each => {
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
