/** What the hub's tables hold: whether a shown value is whole, whose it is, and who may see it. */

import type { Field } from '../../../adapters/kit/record.ts';
import { maskValue } from '../../../src/access/masks.ts';
import type { Policy } from '../../../src/access/policy.ts';
import { holds, type PlainRow } from '../../../src/access/rows.ts';
import { isStored, type Noun } from '../../../src/catalog/catalog.ts';
import type { Store } from '../../../src/store/apply.ts';
import { graphValue, readTown, type TownInMemory } from '../town-in-memory.ts';
import type { Cell, Json, Told } from './told-cells.ts';

/** Where a value can stand: in a field of a record, or in what is shown beside the fields. */
export const forms = ['field', 'live field', 'source', 'spelling', 'claim'] as const;
/** A value that may be a person's, and the record that holds it. */
export interface PersonalCell {
  readonly form: (typeof forms)[number];
  /** The field whose rules decide how it is shown, for example `Payment.name`. */
  readonly field: string;
  readonly record: TruthRecord;
  readonly shown: unknown;
  readonly whole: unknown;
}
/** A stored record, or one that an agency was asked for live about another record. */
export interface TruthRecord {
  readonly noun: Noun;
  readonly id: string;
  /** Null for a record that no table holds. */
  readonly row: PlainRow | null;
  readonly about: TruthRecord | null;
  readonly told: Json;
}
interface Spelling {
  readonly field: string;
  readonly raw: unknown;
  readonly normalised: unknown;
}

const isTrader = ({ format }: Field, value: unknown): boolean =>
  format?.personPrefix !== undefined && String(value ?? '').startsWith(format.personPrefix);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
/** For a record that nothing else is known of: a text mask leaves stars, and other masks leave nothing. */
const looksWhole = (value: unknown): boolean => value !== null && !(typeof value === 'string' && value.includes('*'));

export class TownTruth {
  /** Live records as they were shown to a reader who sees everything. */
  private readonly live: Map<string, Json>;

  private constructor(
    private readonly store: Store,
    readonly town: TownInMemory,
    private readonly claims: ReadonlyMap<string, string>,
    /** The noun's name, the id and the fact about which agencies disagree. */
    readonly disputed: readonly (readonly string[])[],
    earlier: TownTruth | null,
  ) {
    this.live = earlier?.live ?? new Map();
  }

  static async read(store: Store, earlier: TownTruth | null = null): Promise<TownTruth> {
    const claims = new Map<string, string>();
    const said = new Map<string, Set<string>>();
    for (const name of ['Person', 'Organisation']) {
      const { table } = store.catalog.stored(name);
      const text = `select about_id, fact, kind, record_id, value from ${table}_claim`;
      for (const [about, fact, kind, record, value] of await store.database.read(text, [])) {
        claims.set([name, about, fact, kind, record].join(' '), value!);
        const all = said.get(`${name} ${about} ${fact}`) ?? new Set();
        said.set(`${name} ${about} ${fact}`, all.add(value!));
      }
    }
    const disputed = [...said].filter(([, values]) => values.size > 1).map(([key]) => key.split(' '));
    return new TownTruth(store, await readTown(store), claims, disputed, earlier);
  }

  get catalog() {
    return this.store.catalog;
  }

  /** The record that an object is or belongs to; null when it belongs to none. */
  recordOf(told: Told | null): TruthRecord | null {
    if (!told) return null;
    const noun = this.catalog.nouns.get(told.type);
    if (!noun) return this.recordOf(told.in);
    const id = String(told.data.id).slice(noun.name.length + 1);
    const isLive = this.catalog.nouns.get(told.in?.type ?? '')?.relations.get(told.by ?? '')?.live;
    const row = isStored(noun) && !isLive ? this.town.world.byId(noun.name, id) : null;
    return { noun, id, row, about: row ? null : this.recordOf(told.in), told: told.data };
  }

  personOf(id: string): TruthRecord | null {
    const row = this.town.world.byId('Person', id);
    return row && { noun: this.catalog.get('Person'), id, row, about: null, told: {} };
  }

  /** Null when the declaration does not make the value a person's. */
  personal(cell: Cell): PersonalCell | null {
    const { type, of } = cell;
    if (this.catalog.nouns.has(type)) return this.ofField(cell);
    if (type === 'Claim') return this.ofClaim(cell);
    const record = this.recordOf(of);
    if (!record) return null;
    if (type === 'RecordSource') return this.ofSource(cell, record);
    return type === 'Spelling' ? this.ofSpelling(cell, record) : null;
  }

  private ofField({ field: name, value, of }: Cell): PersonalCell | null {
    const record = this.recordOf(of)!;
    const column = record.noun.columns.get(name);
    if (!column) return null;
    const whole = record.row
      ? graphValue(column.field.scalar, record.row[column.column])
      : this.liveValue(record, name);
    const isPersonal = column.field.sensitivity === 'personal' || isTrader(column.field, whole ?? value);
    const form = record.row ? 'field' : 'live field';
    return isPersonal ? { form, field: `${record.noun.name}.${name}`, record, shown: value, whole } : null;
  }

  private ofSource({ field: name, value }: Cell, record: TruthRecord): PersonalCell | null {
    const { noun, row } = record;
    const isNamed = noun.kind.key.some(key => noun.columns.get(key)!.field.sensitivity === 'personal');
    if (name !== 'sourceId' || !isNamed || !row) return null;
    const field = `${noun.name}.${noun.kind.key[0]}`;
    return { form: 'source', field, record, shown: value, whole: row.source_id };
  }

  private ofSpelling({ field: part, value, of }: Cell, record: TruthRecord): PersonalCell | null {
    if (part !== 'raw' && part !== 'normalised') return null;
    const { noun, row } = record;
    const name = String(of.data.field);
    const { field } = noun.columns.get(name)!;
    const spellings = JSON.parse(String(row?.spellings ?? '[]')) as Spelling[];
    const written = spellings.find(each => each.field === name);
    const isPersonal = field.sensitivity === 'personal' || isTrader(field, written?.normalised);
    const whole = written ? written[part] : looksWhole(value) ? value : null;
    return isPersonal ? { form: 'spelling', field: `${noun.name}.${name}`, record, shown: value, whole } : null;
  }

  /** A claim is shown by the rules of its fact, and belongs to the record that claims it. */
  private ofClaim({ field: part, value, of }: Cell): PersonalCell | null {
    if (part !== 'value') return null;
    const about = this.recordOf(of.in)!;
    const fact = String(of.in!.data.fact);
    if (about.noun.columns.get(fact)?.field.sensitivity !== 'personal') return null;
    const [kind, key] = this.claimant(about, fact, of.data, value);
    if (!key) return null;
    const record = this.recordOf({ type: kind, data: { id: `${kind}:${key}` }, in: null, by: null })!;
    const whole = this.claims.get([about.noun.name, about.id, fact, kind, key].join(' '));
    return { form: 'claim', field: `${about.noun.name}.${fact}`, record, shown: value, whole };
  }

  /** When the answer does not show the claiming record, it is one of the records that make the same claim. */
  private claimant(
    about: TruthRecord,
    fact: string,
    told: Json,
    value: unknown,
  ): [kind: string, key: string | undefined] {
    const record = told.record as { __typename: string; id: string } | null | undefined;
    if (record) return [record.__typename, record.id.split(':')[1]];
    const head = [about.noun.name, about.id, fact, told.kind, ''].join(' ');
    const found = [...this.claims].find(([key, said]) => key.startsWith(head) && said === value)?.[0];
    return [String(told.kind), found?.slice(head.length)];
  }

  private liveValue({ noun, id, told }: TruthRecord, name: string): unknown {
    const known = this.live.get(`${noun.name} ${id}`);
    if (known && name in known) return known[name];
    return looksWhole(told[name]) ? told[name] : null;
  }
  /** Learns a live record from a reader who sees everything. */
  learnLive({ noun, id, row, told }: TruthRecord): void {
    if (!row) this.live.set(`${noun.name} ${id}`, { ...this.live.get(`${noun.name} ${id}`), ...told });
  }

  isWhole({ shown, whole }: PersonalCell): boolean {
    return shown !== null && shown !== undefined && same(shown, whole);
  }
  isMasked({ shown, whole }: PersonalCell): boolean {
    return whole !== null && whole !== undefined && !same(shown, whole);
  }

  /** The reader sees the value masked, but the mask hides nothing: for example an address that ends with the town. */
  isLeft({ field, whole, record }: PersonalCell, policy: Policy): boolean {
    if (whole === null || whole === undefined || this.mayBeWhole(policy, record)) return false;
    const [kind, name] = field.split('.') as [string, string];
    const noun = this.catalog.nouns.get(kind)!;
    const view = policy.field(noun, name, false, whole);
    return view !== 'whole' && same(maskValue(view, noun.columns.get(name)!.field.scalar, whole), whole);
  }

  mayBeWhole(policy: Policy, { noun, row, about }: TruthRecord): boolean {
    if (row && isStored(noun)) return holds(policy.whole(noun), row, this.town.world);
    return about !== null && this.mayBeWhole(policy, about);
  }

  /**
   * The subjects of a record: the persons linked to it, or else the one whom the agency was asked about, or else
   * itself.
   */
  subjectsOf({ noun, id, row, about, told }: TruthRecord): string[] {
    if (noun.name === 'Person') return [id];
    const links = noun.links.filter(({ target }) => target.name === 'Person');
    const linked = links.flatMap(({ column, from, target }) => {
      if (row) return row[column] ? [String(row[column])] : [];
      const key = told[from[0]!];
      return typeof key === 'string' ? [this.store.identity.ofNoun(target, key)] : [];
    });
    return linked.length ? [...new Set(linked)] : [row || !about ? id : about.id];
  }
}
