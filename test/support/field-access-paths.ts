/** Every access path by which a reader could find out a field by its value, written as a query. */
import type { Field } from '../../adapters/kit/record.ts';
import { type StoredNoun, snake } from '../../src/catalog/catalog.ts';

interface FieldAccessPath {
  /** This path is also refused where the field is a code that names persons in some rows. */
  readonly orders?: true;
  /** This path is also refused where the field is personal and seen whole. */
  readonly groups?: true;
  /** The fields for which this path exists; without it, the path exists for all fields. */
  readonly fits?: (field: Field) => boolean;
  of(noun: StoredNoun, field: string): string;
}
const enumName = (field: string) => snake(field).toUpperCase();
const groups = ({ kind }: StoredNoun, select: string) => `${kind.plural} { groups(limit: 1) { nodes { ${select} } } }`;
/** Personal fields have no name in groups; `flows/questions/groups-show-nobody` still asks for them. */
const isGroupable = ({ sensitivity }: Field) => sensitivity !== 'personal';
const isTime = ({ scalar }: Field) => scalar === 'date' || scalar === 'instant';
const isNumber = ({ scalar }: Field) => scalar === 'decimal' || scalar === 'integer';

/**
 * Every access path by which a reader could find out a field by its value. Add an entry for a new one. Each field is
 * tried by the first two paths that it has, and by any one of the others.
 */
export const fieldAccessPaths: Readonly<Record<string, FieldAccessPath>> = {
  filter: {
    of: ({ kind }, field) => `${kind.plural}(first: 0, where: { ${field}: { isNull: false } }) { nodes { id } }`,
  },
  'key of groups': {
    fits: field => isGroupable(field) && field.scalar !== 'decimal',
    of: (noun, field) => groups(noun, `key { ${field} } count`),
  },
  'nested filter': {
    of: ({ kind }, field) =>
      `${kind.plural}(first: 0, where: { or: [{ not: { and: [{ ${field}: { isNull: true } }] } }] }) { nodes { id } }`,
  },
  count: { of: ({ kind }, field) => `${kind.plural}(where: { ${field}: { isNull: true } }) { totalCount }` },
  'count of distinct values': {
    fits: isGroupable,
    of: (noun, field) => groups(noun, `countDistinct(of: ${enumName(field)})`),
  },
  'count under a condition': {
    groups: true,
    of: (noun, field) => groups(noun, `count(where: { ${field}: { isNull: true } })`),
  },
  share: { groups: true, of: (noun, field) => groups(noun, `share(where: { not: { ${field}: { isNull: true } } })`) },
  'first and last': {
    fits: field => isGroupable(field) && isTime(field),
    of: (noun, field) => groups(noun, `earliest(of: ${enumName(field)}) latest(of: ${enumName(field)})`),
  },
  'span of time': {
    fits: field => isGroupable(field) && isTime(field),
    of: (noun, field) => groups(noun, `avg(of: { days: { from: ${enumName(field)}, to: ${enumName(field)} } })`),
  },
  sum: {
    fits: field => isGroupable(field) && isNumber(field),
    of: (noun, field) => groups(noun, `sum(of: { field: ${enumName(field)} })`),
  },
  quantile: {
    fits: field => isGroupable(field) && isNumber(field),
    of: (noun, field) => groups(noun, `quantile(of: { field: ${enumName(field)} }, at: 0.5)`),
  },
  order: {
    orders: true,
    of: ({ kind }, field) => `${kind.plural}(first: 0, orderBy: [${enumName(field)}_ASC]) { nodes { id } }`,
  },
  'second order': {
    orders: true,
    of: ({ kind }, field) => {
      // The time at which such rows were reported is itself masked.
      const before = kind.timeReveals.length ? enumName(field) : 'OBSERVED_AT';
      return `${kind.plural}(first: 0, orderBy: [${before}_ASC, ${enumName(field)}_DESC]) { nodes { id } }`;
    },
  },
};
