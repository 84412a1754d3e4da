/** Values as JSON: from PostgreSQL's text, by their scalar, whole or masked. */
import type { Scalar } from '../../adapters/kit/record.ts';
import { maskValue } from '../access/masks.ts';
import { namesPerson, type Policy } from '../access/policy.ts';
import type { Noun } from '../catalog/catalog.ts';
import { isoInstant } from './instants.ts';

/** JSON of a value, from its text; null when nothing of it is shown. */
export type Leaf = (text: string) => string | null;

const quoted = (text: string) => `"${text}"`;
const escaped = (text: string) => JSON.stringify(text);
const plain = (text: string) => text;

/** Codes, dates and decimals hold nothing that JSON would escape; whole numbers, flags and polygons are JSON already. */
export const leaves: Readonly<Record<Scalar, Leaf>> = {
  text: escaped,
  code: quoted,
  date: quoted,
  decimal: quoted,
  instant: text => quoted(isoInstant(text)),
  integer: plain,
  flag: plain,
  geometry: plain,
};

/** How a field of a row looks to the reader when the row is not shown whole. */
export function maskedLeaf(noun: Noun, policy: Policy, name: string): Leaf {
  const { field } = noun.columns.get(name)!;
  const whole = leaves[field.scalar];
  const viewed = (view: ReturnType<Policy['field']>): Leaf => {
    if (view === 'whole') return whole;
    return text => {
      const left = maskValue(view, field.scalar, text);
      return left === null ? null : escaped(String(left));
    };
  };
  const usual = viewed(policy.field(noun, name, false));
  if (!field.format?.personPrefix) return usual;
  return text => (namesPerson(field, text) ? viewed(policy.field(noun, name, false, text))(text) : usual(text));
}
