/**
 * Refusals of data by PostgreSQL: what is stored is too long, out of range, of a wrong form, or breaks a constraint. Full
 * disks, locks, time-outs and lost connections are none: the same data may be taken later.
 */

export interface Refusal {
  /** Table and column, where PostgreSQL names them. */
  readonly table: string | null;
  readonly field: string;
  /** In words that follow the field's name; never PostgreSQL's own message, which quotes values. */
  readonly reason: string;
}

/** Data exceptions, integrity constraints, and the size of an index entry. */
const refused = /^(22...|23...|54000)$/;

const reasons: Readonly<Record<string, string>> = {
  '22001': 'is too long',
  '22003': 'is a number that is too large',
  '22007': 'is no date or time',
  '22008': 'is no date or time that can be stored',
  '22009': 'has an offset that no time zone has',
  '22021': 'holds characters that cannot be stored',
  '22P05': 'holds characters that cannot be stored',
  '23502': 'is missing',
  '23505': 'is there already',
  '54000': 'is too long to be found by',
};

/** Null where the error is no refusal of data. */
export function refusalOf(error: unknown): Refusal | null {
  const facts = Object(error) as Record<'code' | 'table' | 'column' | 'constraint' | 'where', unknown>;
  if (typeof facts.code !== 'string' || !refused.test(facts.code)) return null;
  return {
    table: name(facts.table) ?? copied(facts.where, /^COPY (\w+),/),
    field: name(facts.column) ?? copied(facts.where, /, column (\w+)/) ?? '',
    reason: reasons[facts.code] ?? 'is refused by the database',
  };
}

const name = (given: unknown): string | null => (typeof given === 'string' && /^\w{1,63}$/.test(given) ? given : null);
/** COPY tells the place in a sentence: `COPY hub_licence, line 7, column issued_on: "..."`. */
const copied = (where: unknown, place: RegExp): string | null =>
  typeof where === 'string' ? (place.exec(where)?.[1] ?? null) : null;
