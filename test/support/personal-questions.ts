/** Every query by which groups could reveal persons: personal fields as keys, as measures and in tests. */
import { isStored, type Noun, type StoredNoun, snake } from '../../src/catalog/catalog.ts';

export interface PersonalQuestion {
  readonly place: string;
  /** One list with its groups, without enclosing braces. */
  readonly text: string;
}
interface Field {
  readonly noun: StoredNoun;
  readonly name: string;
}
const enumName = (field: string) => snake(field).toUpperCase();
const groups = ({ kind }: Noun, select: string, where = '') =>
  `${kind.plural}${where && `(where: ${where})`} { groups(limit: 1) { nodes { ${select} } } }`;
const isTime = ({ noun, name }: Field) => ['date', 'instant'].includes(noun.columns.get(name)!.field.scalar);

export const personalFields = (nouns: readonly StoredNoun[]): Field[] =>
  nouns.flatMap(noun =>
    [...noun.columns.values()]
      .filter(({ field }) => field.sensitivity === 'personal')
      .map(({ name }) => ({ noun, name })),
  );
const relationsOf = (noun: Noun) => [...noun.relations.values()].filter(({ live, to }) => !live && isStored(to));

const measures: Readonly<Record<string, (field: string) => string>> = {
  'different values': field => `countDistinct(of: ${field})`,
  first: field => `earliest(of: ${field})`,
  last: field => `latest(of: ${field})`,
  sum: field => `sum(of: { field: ${field} })`,
  mean: field => `avg(of: { field: ${field} })`,
  least: field => `min(of: { field: ${field} })`,
  most: field => `max(of: { field: ${field} })`,
  quantile: field => `quantile(of: { field: ${field} }, at: 0.5)`,
  'days from it': field => `avg(of: { days: { from: ${field}, to: ${field} } })`,
  'working days from it': field => `sum(of: { workingDays: { from: ${field}, to: ${field} } })`,
};

/**
 * Queries that name the field in the groups: as a key, also behind every to-one relation of any noun, or as a measure.
 */
export const asKeyOrMeasure = (nouns: readonly StoredNoun[]): PersonalQuestion[] =>
  personalFields(nouns).flatMap(({ noun, name }) => {
    const place = `${noun.name}.${name}`;
    const behind = nouns.flatMap(from => relationsOf(from).filter(({ many, to }) => !many && to.name === noun.name));
    return [
      { place: `key ${place}`, text: groups(noun, `key { ${name} } count`) },
      ...behind.map(relation => ({
        place: `key ${place} behind ${relation.from.name}.${relation.name}`,
        text: groups(relation.from, `key { ${relation.name} { ${name} } } count`),
      })),
      ...Object.entries(measures).map(([how, of]) => ({
        place: `${how} of ${place}`,
        text: groups(noun, of(enumName(name))),
      })),
    ];
  });

/**
 * Queries that test the field, in the groups or in the grouped list: the noun's own field, or one behind any relation.
 */
export const asTest = (nouns: readonly StoredNoun[]): PersonalQuestion[] =>
  personalFields(nouns)
    .filter(({ noun, name }) => noun.columns.get(name)!.field.scalar !== 'geometry')
    .flatMap(field => {
      const place = `${field.noun.name}.${field.name}`;
      const test = `{ ${field.name}: { isNull: false } }`;
      return [...ownTests(field, place, test), ...testsBehind(nouns, field, place, test)];
    });

function ownTests(field: Field, place: string, test: string): PersonalQuestion[] {
  const { noun, name } = field;
  const compare = `{ compare: [{ field: ${enumName(name)}, is: AT_OR_AFTER, than: ${enumName(name)} }] }`;
  return [
    { place: `count by ${place}`, text: groups(noun, `count(where: ${test})`) },
    { place: `share by ${place}`, text: groups(noun, `share(where: { or: [{ not: ${test} }] })`) },
    { place: `groups of a list by ${place}`, text: groups(noun, 'count', test) },
    {
      place: `groups of a list by ${place}, deep`,
      text: groups(noun, 'count', `{ and: [{ or: [{ not: ${test} }] }] }`),
    },
    ...(isTime(field)
      ? [
          { place: `groups of a list compared by ${place}`, text: groups(noun, 'count', compare) },
          { place: `count compared by ${place}`, text: groups(noun, `count(where: ${compare})`) },
        ]
      : []),
  ];
}

function testsBehind(nouns: readonly StoredNoun[], field: Field, place: string, test: string): PersonalQuestion[] {
  const behind = nouns.flatMap(from => relationsOf(from).filter(({ to }) => to.name === field.noun.name));
  return behind.flatMap(({ from, name, many }) => {
    const where = `{ ${name}: ${many ? `{ none: ${test} }` : test} }`;
    return [
      { place: `groups of a list by ${place} behind ${from.name}.${name}`, text: groups(from, 'count', where) },
      { place: `count by ${place} behind ${from.name}.${name}`, text: groups(from, `count(where: ${where})`) },
    ];
  });
}
