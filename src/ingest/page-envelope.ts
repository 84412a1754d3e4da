/** What a source hands over is what the contract says, before anything of it is used. */
import { type Item, type Page, SourceError, type WholeSet } from '../../adapters/kit/contract.ts';
import { whyNoId, whyNoVersion } from './check.ts';

export interface PageBounds {
  readonly items: number;
  /** Of the items' raw texts and bytes together; a character of text counts as one. */
  readonly bytes: number;
}

const longestCursor = 10_000;

/** @param kinds names of the kinds that the agency states and the hub stores */
export function demandPage(page: unknown, kinds: ReadonlySet<string>, bounds: PageBounds): Page<unknown> {
  if (Object(page) !== page) throw malformed('the adapter gave no page');
  const { items, next, done, set } = page as Page<unknown>;
  demandItems(items, bounds);
  if (typeof next !== 'string' || !/^[^\p{Cc}\p{Cs}]+$/u.test(next))
    throw malformed('the cursor (next) of the page is empty or no text: nothing could be read after it');
  if (next.length > longestCursor) throw malformed(`the cursor (next) is longer than ${longestCursor} characters`);
  if (typeof done !== 'boolean') throw malformed('done of the page is not true or false');
  if (set !== undefined && set !== null) demandSet(set, kinds);
  return { items, next, done, ...(set && { set }) };
}

export function demandItems(items: unknown, bounds: PageBounds): asserts items is readonly Item<unknown>[] {
  if (!Array.isArray(items)) throw malformed('the items are no list');
  if (items.length > bounds.items) throw malformed(`the page has more than ${bounds.items} items`);
  let bytes = 0;
  for (const item of items) bytes += (Object(item) as { raw?: { length?: number } }).raw?.length || 0;
  if (!(bytes <= bounds.bytes)) throw malformed(`the items of the page have more than ${bounds.bytes} bytes`);
}

function demandSet(set: WholeSet, kinds: ReadonlySet<string>): void {
  const { name, kinds: stated, version, complete } = Object(set) as Partial<WholeSet>;
  const badName = whyNoId(name);
  if (badName) throw malformed(`the name of the whole set ${badName}`);
  const badVersion = whyNoVersion(version);
  if (badVersion) throw malformed(`the version of the whole set ${badVersion}`);
  if (!Array.isArray(stated) || !stated.every(kind => kinds.has(kind)))
    throw malformed('the kinds of the whole set are not all kinds of record that the agency states');
  if (typeof complete !== 'boolean') throw malformed('complete of the whole set is not true or false');
}

const malformed = (message: string) => new SourceError('MALFORMED', message);
