/** The exchange's own words, as they stand in its answers. */
import { readText } from '../kit/index.ts';

/** One row or document: the fields are read one by one, so nothing is promised of them. */
export type Row = Readonly<Record<string, unknown>>;

/** The services that are drained, in this order: entities first, so that what refers to them finds them. */
export const feedServices = ['entity', 'change', 'abnormal', 'case'] as const;
export type FeedService = (typeof feedServices)[number];

/** One row with the service that gave it: what `map` restates. */
export interface Native {
  readonly service: FeedService;
  readonly row: Row;
}

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text in half width, without padding: for codes, numbers, dates; null for nothing. Not for names. */
export const plainText = (raw: unknown): string | null => readText(readText(raw)?.normalize('NFKC'));
