/** What the walk must have seen of every personal field, and of every field in the schema. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type GraphQLSchema, isEnumType, isObjectType } from 'graphql';
import { MessageType } from 'graphql-ws';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import { project } from '../source-imports.ts';

/** Fields that never have a value, so that nothing of them can be seen, and the reasons. */
export const neverFilled: Readonly<Record<string, string>> = {
  'Person.address': 'No agency states the address of a person.',
  'Resident.formerName':
    'The pretend system of the police knows no former names; asked live, so no test can state one.',
  'Resident.validUntil':
    'Entries of the police have an end only of persons of whom there is no other, and there are none.',
};
/** Fields that no query can select, and the reasons. */
export const neverAsked: Readonly<Record<string, string>> = {};

/** Public bodies of the town are not sole traders, so their codes name nobody. */
export const personalFields = ({ nouns }: Catalog): string[] =>
  [...nouns.values()].flatMap(noun =>
    [...noun.columns.values()]
      .filter(({ field }) => field.sensitivity === 'personal' || (field.format?.personPrefix && noun.origin !== 'town'))
      .map(({ name }) => `${noun.name}.${name}`),
  );

/** Fields that were not seen although they should be, and excuses that no longer hold. */
export function unseen(
  wanted: readonly string[],
  seen: ReadonlySet<string>,
  excused: Readonly<Record<string, string>>,
) {
  return {
    missing: wanted.filter(place => !seen.has(place) && !excused[place]),
    stale: Object.keys(excused).filter(place => seen.has(place) || !wanted.includes(place)),
  };
}

export const schemaFields = (schema: GraphQLSchema): string[] =>
  Object.values(schema.getTypeMap()).flatMap(type =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.keys(type.getFields()).map(field => `${type.name}.${field}`)
      : [],
  );

/** The message types of the WebSocket protocol, and the event types that the hub's source code writes. */
export function messagesOf(): string[] {
  const source = readFileSync(path.join(project, 'src/api/transport/sse-sink.ts'), 'utf8');
  const events = [...source.matchAll(/event: (\w+)/g)].map(([, type]) => `stream ${type}`);
  return [...Object.values(MessageType).map(type => `socket ${type}`), ...events];
}

export function boardEventsOf(schema: GraphQLSchema): string[] {
  const type = schema.getType('BoardEventType');
  return isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
}
