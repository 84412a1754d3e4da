/**
 * The language in which a kind of record is declared, once. Table, validator, GraphQL type, filters, orders, masks and
 * docs derive from these values; nobody writes a field a second time.
 */
import { z } from 'zod';
import type { Format } from './format.ts';

export interface Title {
  readonly en: string;
  readonly zh: string;
}
/** Who may see a field: anyone, staff, or, because it is about a person, only readers with a purpose. */
export type Sensitivity = 'public' | 'internal' | 'personal';
/**
 * What remains of a personal value for readers who may not see it whole; `hidden` leaves nothing, `stars` its length.
 * Roles that never unmask anything see `region` of an identity number, others `identity`.
 */
export type MaskName = 'identity' | 'region' | 'name' | 'phone' | 'address' | 'plate' | 'account' | 'stars' | 'hidden';
export type Scalar = 'text' | 'integer' | 'decimal' | 'date' | 'instant' | 'flag' | 'code' | 'geometry';

/** The codes of a field: the hub's name for each, its meaning, and its spellings by edition of the standard. */
export interface CodeTable<V extends string = string> {
  readonly name: string;
  readonly title: Title;
  readonly values: Readonly<
    Record<V, Title & { readonly codes?: Readonly<Record<string, string | readonly string[]>> }>
  >;
}

/** `T` is the value an adapter hands over, `O` whether it may be missing; `~value` exists for the compiler only. */
export interface Field<T = unknown, O extends boolean = boolean> {
  readonly scalar: Scalar;
  readonly title: Title;
  readonly optional: O;
  readonly sensitivity: Sensitivity;
  /** Why text in a record about a person is not personal. */
  readonly why?: string;
  readonly mask: MaskName;
  /** Personal facts that follow from the value: `Person.birthDate`, or a field of the own kind by its name. */
  readonly reveals?: readonly string[];
  /**
   * Not shown to roles that see this mask: the value and what the mask leaves in the same row would reveal too much
   * together.
   */
  readonly hiddenBeside?: MaskName;
  readonly unit?: string;
  readonly table?: CodeTable;
  readonly format?: Format;
  /** Found by `search(text)`, so it has a trigram index. */
  readonly searched: boolean;
  /** The way in which the hall orders lists by it, so it has an index for that. */
  readonly ordered?: 'asc' | 'desc';
  /** Accepts the normalised value; its messages never hold the value. */
  readonly check: z.ZodType;
  readonly '~value'?: T;
}

/** Text about a person that is not personal gives a reason, in a short sentence. */
type Stated =
  | { sensitivity?: Sensitivity; why?: undefined }
  | { sensitivity: Exclude<Sensitivity, 'personal'>; why: string };
type Options = Stated & {
  /** The English title; without it the field's own name, in words. */
  en?: string;
  zh: string;
  mask?: MaskName;
  /** A field that reveals personal facts is personal itself. */
  reveals?: readonly string[];
  hiddenBeside?: MaskName;
  optional?: boolean;
  searched?: boolean;
  ordered?: 'asc' | 'desc';
};
/** Uses the whole options type: a type parameter for `optional` alone would be inferred as boolean. */
type IsOptional<P extends Options> = P['optional'] extends true ? true : false;
type More = Partial<Pick<Field, 'unit' | 'table' | 'format'>>;

const field = <T, P extends Options>(scalar: Scalar, options: P, check: z.ZodType, more: More = {}) => {
  const {
    en = '',
    zh,
    why,
    reveals,
    hiddenBeside,
    ordered,
    mask = 'hidden',
    optional = false,
    searched = false,
  } = options;
  const { sensitivity = reveals ? 'personal' : 'public' } = options;
  const special = {
    ...(why && { why }),
    ...(reveals && { reveals }),
    ...(hiddenBeside && { hiddenBeside }),
    ...(ordered && { ordered }),
  };
  const shared = { scalar, title: { en, zh }, sensitivity, mask, optional: optional as IsOptional<P>, searched, check };
  return { ...more, ...special, ...shared } as Field<T, IsOptional<P>>;
};

/** For any value that is text, also for the raw spelling of an identifier. */
export const longestText = { characters: 4000, reason: 'is longer than 4,000 characters' } as const;
/**
 * For text by which something is found: the fields of a kind's key, those that refer to another noun, and the ids of
 * records. PostgreSQL refuses index entries of more than 2,704 bytes, so a key may have four such fields; no number that
 * an agency gives out has 200 Chinese characters.
 */
export const longestKey = { bytes: 600, fields: 4, reason: 'is longer than 600 bytes' } as const;

/** Text; with `format` an identifier, which the hub normalises and validates (raw spelling and reasons are kept). */
export const text = <const P extends Options & { format?: Format; unit?: string }>(o: P) =>
  field<string, P>(
    'text',
    o,
    z.string('is no text').min(1, 'is empty').max(longestText.characters, longestText.reason),
    {
      format: o.format,
      unit: o.unit,
    },
  );
export const integer = <const P extends Options & { unit?: string }>(o: P) =>
  field<number, P>('integer', o, z.int32('is not a whole number'), { unit: o.unit });
const noDecimal = 'is not a decimal number';
/** An exact number, carried as text so that no digit is lost: `-12.50`. */
export const decimal = <const P extends Options & { unit?: string }>(o: P) =>
  field<string, P>('decimal', o, z.string(noDecimal).regex(/^-?\d{1,18}(\.\d{1,6})?$/, noDecimal), {
    unit: o.unit,
  });
const noDate = 'is not a date';
/** A day of the years 1 to 9999; neither the civil calendar nor PostgreSQL has a year 0. */
const day = z.iso.date(noDate).refine(text => !text.startsWith('0000'), noDate);
const noInstant = 'is not an instant with an offset';
/** An instant whose year in UTC is between 1 and 9999, written as PostgreSQL reads it. */
export const instantCheck = z.iso
  .datetime({ offset: true, message: noInstant })
  .refine(text => text.length <= 40 && !/^0000|[+-](1[6-9]|2\d):\d\d$/.test(text) && hasYear(text), noInstant);
const hasYear = (text: string) => {
  const year = new Date(text).getUTCFullYear();
  return year >= 1 && year <= 9999;
};
/** A calendar day (公历日): `2026-11-23`. */
export const date = <const P extends Options>(o: P) => field<string, P>('date', o, day);
/** A time, ISO 8601 with an offset: `2026-11-23T09:30:00+08:00`. */
export const instant = <const P extends Options>(o: P) => field<string, P>('instant', o, instantCheck);
export const flag = <const P extends Options>(o: P) => field<boolean, P>('flag', o, z.boolean('is not true or false'));
/** One of a code table's names; adapters translate the source's own codes with `readCode`. */
export const code = <const P extends Options & { table: CodeTable }>(o: P) =>
  field<Extract<keyof P['table']['values'], string>, P>(
    'code',
    o,
    z.enum(Object.keys(o.table.values), `is no code of ${o.table.name}`),
    {
      table: o.table,
    },
  );

/** The same field as optional: for nouns that reuse what another kind declares. */
export const optional = <T>(field: Field<T>): Field<T, true> => ({ ...field, optional: true });

/** A GeoJSON polygon in longitude and latitude (CGCS2000, EPSG:4490). */
export interface Polygon {
  readonly type: 'Polygon';
  readonly coordinates: readonly (readonly (readonly [number, number])[])[];
}
const position = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]);
const polygon = z.strictObject({ type: z.literal('Polygon'), coordinates: z.array(z.array(position).min(4)).min(1) });
export const geometry = <const P extends Options>(o: P) => field<Polygon, P>('geometry', o, polygon);

export const codeTable = <const V extends string>(
  name: string,
  title: Title,
  values: CodeTable<V>['values'],
): CodeTable<V> => ({ name, title, values });

/** Whom or what a record is about: a noun, the fields that hold the noun's key, and what the record states of it. */
export interface About<From extends string = string> {
  readonly noun: string;
  /** The fields that together are the noun's key, in the key's order. */
  readonly from: readonly From[];
  /**
   * The name of the inverse relation, where the derived one (`marketEntitiesAsLegalRepresentative`) does not read well.
   */
  readonly inverse?: string;
  /** Facts of the noun that this record states, by the noun's field: `{ name: 'holderName' }`. Conflicts are shown. */
  readonly states?: Readonly<Record<string, From>>;
}
type AboutOptions<From extends string> = { inverse?: string; states?: Record<string, From> };
/** `about('Case')('caseNo')`: the record is about the case whose number is in its field caseNo. */
export const about =
  (noun: string) =>
  <const From extends string>(from: From | readonly From[], options: AboutOptions<From> = {}): About<From> => ({
    noun,
    from: typeof from === 'string' ? [from] : (from as readonly From[]),
    ...options,
  });
export const person = about('Person');
export const organisation = about('Organisation');
export const region = about('Region');
export const agency = about('Agency');

export type Fields = Readonly<Record<string, Field>>;
type FieldName<F> = Extract<keyof F, string>;

/**
 * A line by which people recognise a record. It is built from other fields when it is shown, each as its reader may see
 * it.
 */
export interface Heading {
  readonly title: Title;
  /**
   * For each part the first source that exists and is not hidden: `matter.title` is the title of the target of
   * `about.matter`.
   */
  readonly parts: readonly (readonly `${string}.${string}`[])[];
}

export interface RecordKind<F extends Fields = Fields> {
  /** GraphQL's name of the type: `MarketEntity`. */
  readonly name: string;
  readonly title: Title;
  /** The root field's name: `marketEntities`. */
  readonly plural: string;
  /**
   * The fields by which the hub's nouns refer to this kind; records themselves are identified by (agency, source id).
   */
  readonly key: readonly string[];
  readonly about: Readonly<Record<string, About>>;
  readonly fields: F;
  readonly heading: Heading | null;
  /**
   * Personal facts that follow from the time at which the source stated a record or the hub received it: `asOf`,
   * `version` and `observedAt` are masked with the row, and a reader who sees some rows masked may not filter, order or
   * group by the time.
   */
  readonly timeReveals: readonly string[];
  /** `only`: asked for when needed and never stored (不落地). `also`: stored, and may be asked for again. */
  readonly live: false | 'only' | 'also';
  /** Visible without a token. */
  readonly open: boolean;
}
interface Declaration<F extends Fields> {
  title: Title;
  plural?: string;
  key: readonly FieldName<NoInfer<F>>[];
  about?: Record<string, About<FieldName<NoInfer<F>>>>;
  heading?: Heading;
  timeReveals?: readonly string[];
  live?: 'only' | 'also';
  open?: boolean;
  fields: F;
}

const pluralOf = (name: string) => {
  const lower = name[0]!.toLowerCase() + name.slice(1);
  if (/[^aeiou]y$/.test(lower)) return lower.replace(/y$/, 'ies');
  return lower + (/(s|x|ch|sh)$/.test(lower) ? 'es' : 's');
};

export function defineRecord<const F extends Fields>(name: string, declared: Declaration<F>): RecordKind<F> {
  const { title, plural = pluralOf(name), key, about = {}, heading = null, timeReveals = [] } = declared;
  const { live = false, open = false, fields } = declared;
  return { name, title, plural, key, about, fields, heading, timeReveals, live, open };
}

type Value<X> = X extends Field<infer T, boolean> ? T : never;
type Optional<F extends Fields> = { [K in keyof F]: F[K]['optional'] extends true ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };
/** The plain object that states a record of this kind. */
export type RecordOf<R> =
  R extends RecordKind<infer F>
    ? Flat<{ [K in Exclude<keyof F, Optional<F>>]: Value<F[K]> } & { [K in Optional<F>]?: Value<F[K]> | null }>
    : never;
