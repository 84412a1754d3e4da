/** The exchange's own field names, as they stand in its answers. */
import { readText } from '../kit/index.ts';

/** One row or document: fields are read one by one, so the type promises nothing about them. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * The services that are read to their end, in this order: entities first, so that records that refer to them find them.
 */
export const feedServices = ['entity', 'change', 'abnormal', 'case'] as const;
export type FeedService = (typeof feedServices)[number];

/** One row with the service that gave it: what `map` restates. */
export interface Native {
  readonly service: FeedService;
  readonly row: Row;
}

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text in half width, without padding: for codes, numbers, dates; null for empty text. Not for names. */
export const plainText = (raw: unknown): string | null => readText(readText(raw)?.normalize('NFKC'));
