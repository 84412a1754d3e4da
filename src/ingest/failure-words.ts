/** What an integrator reads of a failure: plain words and the place in the adapter, never a value or a database's code. */
import { SourceError } from '../../adapters/kit/contract.ts';
import { refusalOf } from '../store/refusals.ts';

/** What the adapter threw, and where in its folder: `TypeError at adapters/health/map.ts:41`. */
export function thrownIn(error: unknown): string {
  const { name, code, stack } = Object(error) as { name?: unknown; code?: unknown; stack?: unknown };
  const kind = word(name) ?? 'something that is no error';
  const place = typeof stack === 'string' ? placeIn(stack) : null;
  return `${kind}${word(code) ? ` (${code})` : ''}${place ? ` at ${place}` : ''}`;
}

/** Why reading an agency failed. */
export function readingFailure(error: unknown): string {
  if (error instanceof SourceError) return error.message;
  return `the adapter failed: ${thrownIn(error)}`;
}

/** Why a page that was read could not be stored. */
export function storingFailure(error: unknown): string {
  const refusal = refusalOf(error);
  if (refusal)
    return `the database refuses the page, though no item of it alone: ${[refusal.field, refusal.reason].join(' ').trim()}`;
  return "the hub could not store the page: its administrator finds the reason in the hub's log";
}

/** Names and codes of errors are words; anything else could quote what was read. */
const word = (given: unknown): string | null =>
  typeof given === 'string' && /^[A-Za-z_]{1,40}$/.test(given) ? given : null;

/** The adapter's own place comes before that of the kit, whose readers are called with what the adapter has read. */
function placeIn(stack: string): string | null {
  const places = [...stack.matchAll(/\badapters\/[\w./-]{1,200}\.[jt]s:\d+/g)].map(([place]) => place);
  return places.find(place => !place.startsWith('adapters/kit/')) ?? places[0] ?? null;
}
