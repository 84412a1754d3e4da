/**
 * All nouns of the hub as data: its own, the hall's, and those of every adapter. This is the only place that knows them
 * all.
 */
import type { Adapter } from '../../adapters/kit/contract.ts';
import * as hall from '../../adapters/kit/hall-kinds.ts';
import { type Field, longestKey, type RecordKind } from '../../adapters/kit/record.ts';
import { derivedKinds, TOWN, townKinds } from './nouns.ts';
import { demandPersonalData } from './personal-data.ts';
import { TypeNames } from './type-names.ts';

export interface Column {
  readonly name: string;
  readonly column: string;
  readonly field: Field;
}

/** What a record is about, as a column: it holds the id of the target. */
export interface Link {
  readonly role: string;
  readonly column: string;
  readonly target: Noun;
  /** Fields of the record that make up the target's key. */
  readonly from: readonly string[];
  /** Facts of the target that the record states: the target's field, and the record's. */
  readonly states: readonly (readonly [fact: string, field: string])[];
}

/** One direction of a link, as readers see it. */
export interface Relation {
  readonly name: string;
  readonly many: boolean;
  /** Asked live of the agency when it is read. */
  readonly live: boolean;
  readonly from: Noun;
  readonly to: Noun;
  readonly link: Link;
}

/** A field of what a record is about, as part of its heading. */
export interface HeadingSource {
  readonly relation: Relation;
  readonly target: StoredNoun;
  readonly column: Column;
}

export interface Noun {
  readonly kind: RecordKind;
  readonly name: string;
  /** `derived`: made by the hub. `town`: reference data. `hall`: stated by several agencies. `agency`: by one. */
  readonly origin: 'derived' | 'town' | 'hall' | 'agency';
  /** Codes of the sources that state it; empty for derived nouns. */
  readonly agencies: readonly string[];
  /** Null for kinds that may not be copied (不落地). */
  readonly table: string | null;
  readonly columns: ReadonlyMap<string, Column>;
  readonly links: Link[];
  readonly relations: Map<string, Relation>;
  /** The sources of each part of the heading, the preferred one first; empty for nouns without a heading. */
  readonly heading: (readonly HeadingSource[])[];
}

export interface StoredNoun extends Noun {
  readonly table: string;
}
export const isStored = (noun: Noun): noun is StoredNoun => noun.table !== null;
/** Whether it has a source, a version and a time of observation. */
export const isStated = (noun: Noun): boolean => noun.origin !== 'derived';

export class Catalog {
  readonly nouns: ReadonlyMap<string, Noun>;
  constructor(nouns: Map<string, Noun>) {
    this.nouns = nouns;
  }
  get(name: string): Noun {
    const noun = this.nouns.get(name);
    if (!noun) throw new Error(`No noun is called ${name}`);
    return noun;
  }
  stored(name: string): StoredNoun {
    const noun = this.get(name);
    if (!isStored(noun)) throw new Error(`${name} is not stored`);
    return noun;
  }
  all(): StoredNoun[] {
    return [...this.nouns.values()].filter(isStored);
  }
}

export const snake = (name: string) =>
  name
    .replaceAll('-', '_')
    .replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
    .replace(/^_/, '');
const pascal = (name: string) => name[0]!.toUpperCase() + name.slice(1);

interface Declared {
  kind: RecordKind;
  origin: Noun['origin'];
  agencies: string[];
}

const hallKinds = (): RecordKind[] => [hall.CaseReport, hall.Approval, hall.CaseClosing, hall.Licence];

function declarations(adapters: readonly Adapter[]): Declared[] {
  const speakers = (kind: RecordKind) => adapters.filter(a => a.hallRecords.includes(kind)).map(a => a.agency.code);
  return [
    ...derivedKinds.map(kind => ({ kind, origin: 'derived' as const, agencies: [] })),
    ...townKinds.map(kind => ({ kind, origin: 'town' as const, agencies: [TOWN] })),
    ...hallKinds().map(kind => ({ kind, origin: 'hall' as const, agencies: speakers(kind) })),
    ...adapters.flatMap(a => a.records.map(kind => ({ kind, origin: 'agency' as const, agencies: [a.agency.code] }))),
  ];
}

/** Refuses declarations that would make the contract ambiguous or unreadable; the message names both sides. */
export function makeCatalog(adapters: readonly Adapter[]): Catalog {
  const nouns = new Map<string, Noun>();
  const plurals = new Map<string, string>();
  const types = new TypeNames();
  for (const { kind, origin, agencies } of declarations(adapters)) {
    const twin = nouns.get(kind.name);
    if (twin) {
      const [one, other] = [declarer(twin.origin, twin.agencies), declarer(origin, agencies)];
      throw new Error(`Two kinds of record are called ${kind.name}: one of ${one}, one of ${other}`);
    }
    const sibling = plurals.get(kind.plural);
    if (sibling) throw new Error(`${kind.name} and ${sibling} have the same plural ${kind.plural}`);
    plurals.set(kind.plural, kind.name);
    types.take(kind);
    nouns.set(kind.name, makeNoun(kind, origin, agencies));
  }
  for (const noun of nouns.values()) linkNoun(noun, nouns);
  demandPersonalData(nouns);
  for (const noun of nouns.values()) noun.heading.push(...headingOf(noun));
  return new Catalog(nouns);
}

const declarer = (origin: Noun['origin'], agencies: readonly string[]) =>
  origin === 'agency' ? agencies.join(', ') : origin === 'derived' ? 'the hub' : `the ${origin}`;

/** Names that the hub gives to fields of its own. */
const reserved = new Set(['id', 'source', 'observedAt', 'asOf', 'spellings', 'masked', 'heading']);

function makeNoun(kind: RecordKind, origin: Noun['origin'], agencies: readonly string[]): Noun {
  const columns = new Map<string, Column>();
  for (const [name, field] of Object.entries(kind.fields)) {
    if (reserved.has(name)) {
      throw new Error(`${kind.name}.${name}: the hub has a field of this name already`);
    }
    columns.set(name, { name, column: snake(name), field });
  }
  if (kind.key.length > longestKey.fields)
    throw new Error(`${kind.name} has a key of ${kind.key.length} fields: an index holds ${longestKey.fields}`);
  const prefix = origin === 'agency' ? snake(agencies[0]!) : 'hub';
  const table = kind.live === 'only' ? null : `${prefix}_${snake(kind.name)}`;
  return { kind, name: kind.name, origin, agencies, table, columns, links: [], relations: new Map(), heading: [] };
}

function linkNoun(noun: Noun, nouns: ReadonlyMap<string, Noun>): void {
  Object.entries(noun.kind.about).forEach(([role, { noun: name, from, inverse, states }], index) => {
    const target = nouns.get(name);
    if (!target) throw new Error(`${noun.name}.${role} is about ${name}, which is no noun`);
    if (target.origin !== 'derived' && target.origin !== 'town') {
      throw new Error(`${noun.name}.${role} is about ${name}: only nouns of the hub and the town can be referred to`);
    }
    for (const fact of Object.keys(states ?? {})) {
      if (!target.columns.has(fact)) throw new Error(`${noun.name}.${role} states ${name}.${fact}, which is no field`);
    }
    const link: Link = { role, column: `about_${snake(role)}`, target, from, states: Object.entries(states ?? {}) };
    const back = inverse ?? inverseName(noun, role, target);
    if (noun.table) {
      noun.links.push(link);
      relate({ name: role, many: false, live: false, from: noun, to: target, link });
      relate({ name: back, many: true, live: false, from: target, to: noun, link });
    }
    // A live kind is looked up by the key of the first thing that it is about.
    if (noun.kind.live && index === 0) {
      relate({ name: noun.table ? `${back}Live` : back, many: true, live: true, from: target, to: noun, link });
    }
  });
}

function headingOf({ name, kind, relations }: Noun): HeadingSource[][] {
  const sourceOf = (place: string): HeadingSource => {
    const [role, field] = place.split('.') as [string, string];
    const relation = relations.get(role);
    const column = relation?.to.columns.get(field);
    if (!relation || relation.many || !isStored(relation.to) || column?.field.scalar !== 'text') {
      throw new Error(`${name}.heading is made of ${place}, which is no text of something that ${name} is about`);
    }
    return { relation, target: relation.to, column };
  };
  return (kind.heading?.parts ?? []).map(sources => sources.map(sourceOf));
}

function inverseName(noun: Noun, role: string, target: Noun): string {
  return pascal(role) === target.name ? noun.kind.plural : `${noun.kind.plural}As${pascal(role)}`;
}

function relate(relation: Relation): void {
  const { name, from } = relation;
  const other = from.relations.get(name);
  const taken = other ? declarationOf(other) : from.columns.has(name) || reserved.has(name) ? 'a field' : null;
  if (taken) throw new Error(`${from.name}.${name} is declared twice: by ${declarationOf(relation)} and by ${taken}`);
  from.relations.set(name, relation);
}

const declarationOf = ({ many, from, to, link }: Relation) => `${(many ? to : from).name}.${link.role}`;
