/** Values as JSON: from PostgreSQL's text, by their scalar, whole or masked. */
import type { Scalar } from '../../adapters/kit/record.ts';
import { maskValue } from '../access/masks.ts';
import { namesPerson, type Policy } from '../access/policy.ts';
import type { Noun } from '../catalog/catalog.ts';
import type { JsonWriter } from './json-writer.ts';

/** Writes a value, from its text; false: nothing of it is shown, and nothing is written. */
export type WriteLeaf = (json: JsonWriter, text: string) => boolean;

const quoted: WriteLeaf = (json, text) => json.quoted(text);
const plain: WriteLeaf = (json, text) => json.json(text);

/** Codes, dates and decimals hold nothing that JSON would escape; whole numbers, flags and polygons are JSON already. */
export const leaves: Readonly<Record<Scalar, WriteLeaf>> = {
  text: (json, text) => json.text(text),
  code: quoted,
  date: quoted,
  decimal: quoted,
  instant: (json, text) => json.instant(text),
  integer: plain,
  flag: plain,
  geometry: plain,
};

/** How a field of a row looks to the reader when the row is not shown whole. */
export function maskedLeaf(noun: Noun, policy: Policy, name: string): WriteLeaf {
  const { field } = noun.columns.get(name)!;
  const whole = leaves[field.scalar];
  const viewed = (view: ReturnType<Policy['field']>): WriteLeaf => {
    if (view === 'whole') return whole;
    return (json, text) => {
      const left = maskValue(view, field.scalar, text);
      return left !== null && json.text(String(left));
    };
  };
  const usual = viewed(policy.field(noun, name, false));
  if (!field.format?.personPrefix) return usual;
  return (json, text) => (namesPerson(field, text) ? viewed(policy.field(noun, name, false, text)) : usual)(json, text);
}
