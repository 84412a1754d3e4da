/** Scalar writers: values as JSON from PostgreSQL's text, by their scalar type, whole or masked. */
import type { Scalar } from '../../adapters/kit/record.ts';
import { maskValue } from '../access/masks.ts';
import { namesPerson, type Policy } from '../access/policy.ts';
import type { Noun } from '../catalog/catalog.ts';
import type { JsonWriter } from './json-writer.ts';

/** Writes a value from its text; returns false if nothing of it may be shown, and then writes nothing. */
export type WriteScalar = (json: JsonWriter, text: string) => boolean;

const quoted: WriteScalar = (json, text) => json.quoted(text);
const plain: WriteScalar = (json, text) => json.json(text);

/** Codes, dates and decimals hold nothing that JSON would escape; integers, flags and polygons already are JSON. */
export const scalarWriters: Readonly<Record<Scalar, WriteScalar>> = {
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
export function maskedScalar(noun: Noun, policy: Policy, name: string): WriteScalar {
  const { field } = noun.columns.get(name)!;
  const whole = scalarWriters[field.scalar];
  const viewed = (view: ReturnType<Policy['field']>): WriteScalar => {
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
