/** An item that is parked: whatever it and its faults are made of, the result can be stored. */
import { jsonOf, type ParkedItem } from '../store/parked.ts';
import { whyNoId, whyNoVersion } from './check.ts';

/** Why an item is parked, as far as that is known. */
export interface ItemFault {
  readonly field: unknown;
  readonly reason: unknown;
  readonly kind?: unknown;
  readonly sourceId?: unknown;
  readonly version?: unknown;
}

export function parkItem(item: unknown, fault: ItemFault, adapterVersion: string): ParkedItem {
  const { raw, native = null } = Object(item) as { raw?: unknown; native?: unknown };
  const { field, reason, kind, sourceId, version } = fault;
  return {
    raw: bytesOf(raw, native),
    native,
    kind: whyNoId(kind) ? null : (kind as string),
    sourceId: whyNoId(sourceId) ? null : (sourceId as string),
    version: whyNoVersion(version) ? null : (version as string),
    field: words(field),
    reason: words(reason) || 'gives no reason',
    adapterVersion,
  };
}

/** Without bytes of the source what the adapter read of it tells one item from another. */
function bytesOf(raw: unknown, native: unknown): Uint8Array {
  if (typeof raw === 'string') return Buffer.from(raw);
  return raw instanceof Uint8Array ? raw : Buffer.from(jsonOf(native) ?? '');
}

const longest = 300;
const words = (given: unknown): string =>
  typeof given === 'string'
    ? given
        .slice(0, longest)
        .toWellFormed()
        .replaceAll(/\p{Cc}+/gu, ' ')
    : '';
