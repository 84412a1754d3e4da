/** A query of groups as plain data: by which keys rows are grouped, and what is measured of each group. */
import type { Relation } from '../../catalog/catalog.ts';
import type { Where } from '../filters.ts';
import type { TimeUnit } from '../time-units.ts';

export interface GroupKey {
  /** The path of the key in the answer: `key.month`. */
  readonly name: string;
  /** To-one links that lead from the row to the noun of the field; empty for the row's own fields. */
  readonly path: readonly Relation[];
  readonly field: string;
  /** The unit by which dates and moments are grouped. */
  readonly per: TimeUnit;
}

/** Two times of a row. */
export interface Span {
  readonly from: string;
  readonly to: string;
}
/** A number of a row: a field, or the time between two fields. Exactly one is given. */
export interface Measured {
  readonly field?: string | null;
  /** Elapsed time in days of 24 hours with their fraction, or in calendar days if one of the two is a day. */
  readonly days?: Span | null;
  readonly workingDays?: Span | null;
}

export type Measure = { readonly name: string } & (
  | { readonly take: 'count'; readonly where?: Where | null }
  | { readonly take: 'share'; readonly where: Where }
  | { readonly take: 'countDistinct' | 'earliest' | 'latest'; readonly field: string }
  | { readonly take: 'sum' | 'avg' | 'min' | 'max'; readonly of: Measured }
  | { readonly take: 'quantile'; readonly of: Measured; readonly at: number; readonly exact: boolean }
);

/** A test of a group by a measure of the same query; all that are given must hold. */
export interface GroupCondition {
  readonly of: string;
  readonly eq?: number | null;
  readonly gt?: number | null;
  readonly gte?: number | null;
  readonly lt?: number | null;
  readonly lte?: number | null;
}
export interface GroupSort {
  /** Name of a key or a measure of the same query. */
  readonly by: string;
  readonly descending?: boolean | null;
}

export interface GroupQuery {
  readonly keys: readonly GroupKey[];
  readonly measures: readonly Measure[];
  readonly having: readonly GroupCondition[];
  readonly orderBy: readonly GroupSort[];
  readonly limit: number;
  readonly skip: number;
}

export type GroupValue = string | number | boolean | null;
export interface GroupPage {
  /** Keys and measures by name. */
  readonly groups: readonly Readonly<Record<string, GroupValue>>[];
  readonly hasNextPage: boolean;
}

export const maxGroupPage = 1000;
export const maxKeys = 5;
