/** The connection: takes the agency's deliveries, and asks its look-up service about licences. */
import { creditCode } from '../kit/identifiers/credit-code.ts';
import { type AgencySource, type Io, type Item, SourceError } from '../kit/index.ts';
import { readBusinessId } from './business-id.ts';
import { Columns } from './columns.ts';
import { type EaEvent, parseLine } from './event.ts';
import { normaliseLicenceNumber } from './licence-number.ts';
import { askLicences } from './licence-query.ts';
import { LICENCE_TABLE } from './map.ts';
import { licenceKeys } from './map-licence.ts';
import { demandRecentSignature, demandSignature } from './signature.ts';

export interface FoodDrugSettings {
  readonly secret: string;
  readonly lookupUrl: string;
  readonly toleranceSeconds: number;
}

/** The agency sends at most 500 lines of about 1 kB at a time. */
export const MAX_LINES = 5000;
export const MAX_LINE_BYTES = 64 * 1024;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function decodeLine(bytes: Uint8Array): Item<EaEvent> {
  if (bytes.length > MAX_LINE_BYTES) {
    return { raw: bytes, unreadable: { field: 'line', reason: `is longer than ${MAX_LINE_BYTES} bytes` } };
  }
  try {
    return parseLine(strictUtf8.decode(bytes));
  } catch {
    return { raw: bytes, unreadable: { field: 'line', reason: 'is not UTF-8' } };
  }
}

function* linesOf(body: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < body.length; ) {
    const feed = body.indexOf(0x0a, start);
    let end = feed < 0 ? body.length : feed;
    const next = end + 1;
    while (end > start && (body[end - 1] === 0x0d || body[end - 1] === 0x20)) end--;
    if (end > start) yield body.subarray(start, end);
    start = next;
  }
}

function readLines(body: Uint8Array): readonly Item<EaEvent>[] {
  const items: Item<EaEvent>[] = [];
  for (const line of linesOf(body)) {
    if (items.length === MAX_LINES) throw new SourceError('MALFORMED', `the delivery has more than ${MAX_LINES} lines`);
    items.push(decodeLine(line));
  }
  return items;
}

const itemOf = (row: Record<string, unknown>): Item<EaEvent> => ({
  raw: JSON.stringify(row),
  native: { table: LICENCE_TABLE, operation: null, row },
});

/** Separates credit codes from licence numbers, as the agency's service expects. */
function sortKeys(keys: readonly string[]) {
  const normal = keys.map(normaliseLicenceNumber);
  const isCode = (key: string) => creditCode.faults(key).length === 0;
  // The service knows no persons, so no person's id is sent to it.
  const isNumber = (key: string) => !isCode(key) && readBusinessId(key).personId === null;
  return { normal, codes: normal.filter(isCode), numbers: normal.filter(isNumber) };
}

export function connect(settings: FoodDrugSettings, io: Io): AgencySource<EaEvent> {
  const { secret, toleranceSeconds } = settings;
  return {
    push: {
      admit: headers => demandRecentSignature(headers, toleranceSeconds, io.now()),
      read: async delivery => {
        demandSignature(delivery, secret);
        return readLines(delivery.body);
      },
    },

    async lookup(kind, keys, { signal }) {
      if (kind !== 'Licence') throw new SourceError('REFUSED', 'the look-up service knows licences only');
      if (keys.length === 0) return [];
      const { normal, codes, numbers } = sortKeys(keys);
      if (codes.length + numbers.length === 0) return normal.map(() => []);
      const rows = await askLicences({ ...settings, codes, numbers }, io, signal);
      const byKey = new Map<string, Item<EaEvent>[]>(normal.map(key => [key, []]));
      for (const row of rows) for (const key of licenceKeys(new Columns(row))) byKey.get(key)?.push(itemOf(row));
      return normal.map(key => byKey.get(key) ?? []);
    },
  };
}
