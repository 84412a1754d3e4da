/** Why a reader sees a record as they do: for security administrators, and for tests that compare policy and reads. */
import type { StoredNoun } from '../catalog/catalog.ts';
import type { FieldView, Policy } from './policy.ts';
import { holds, type PlainRow, rowsInWords, type World } from './rows.ts';

export interface Access {
  readonly visible: boolean;
  /** The condition on rows, in words. */
  readonly rows: string;
  /** Whether personal fields of this record are shown whole. */
  readonly whole: boolean;
  /** The condition for that, in words. */
  readonly wholeRows: string;
  /** How each field looks; empty when the record is not visible. */
  readonly fields: Readonly<Record<string, FieldView>>;
}

/** Decides in memory, by the same data from which the SQL is made. */
export function explainAccess(policy: Policy, noun: StoredNoun, row: PlainRow, world: World): Access {
  const visible = holds(policy.rows(noun), row, world);
  return describeAccess(
    policy,
    noun,
    visible,
    visible && holds(policy.whole(noun), row, world),
    name => row[noun.columns.get(name)!.column],
  );
}

/** `given` returns the record's own values, by which some identifiers are recognised as a person's. */
export function describeAccess(
  policy: Policy,
  noun: StoredNoun,
  visible: boolean,
  whole: boolean,
  given: (name: string) => unknown,
): Access {
  const names = visible ? [...noun.columns.keys()] : [];
  const fields = names.map(name => [name, policy.field(noun, name, whole, given(name))] as const);
  return {
    visible,
    rows: rowsInWords(policy.rows(noun)),
    whole,
    wholeRows: rowsInWords(policy.whole(noun)),
    fields: Object.fromEntries(fields),
  };
}
