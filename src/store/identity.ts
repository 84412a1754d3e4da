/**
 * Ids of the hub: derived from what identifies a thing, by a key of this installation, so that nobody can guess the
 * source.
 */
import { hash } from 'node:crypto';
import { isStated, type Noun } from '../catalog/catalog.ts';
import { TOWN } from '../catalog/nouns.ts';

/**
 * The key that fields of a record make; null where one of them is empty. Fields of a compound key are joined; source
 * ids of the town's records are their keys in this form.
 */
export function keyOf(fields: readonly string[], values: Readonly<Record<string, unknown>>): string | null {
  const parts = fields.map(field => values[field] ?? null);
  return parts.includes(null) ? null : parts.join('@');
}

/** For each noun; about 1 MB. */
const maxRemembered = 10_000;

export class Identity {
  private readonly remembered = new Map<Noun, Map<string, string>>();

  constructor(private readonly key: string) {}

  /** The id of a record that a source states. */
  ofRecord(kind: string, agency: string, sourceId: string): string {
    return this.make(`${kind}\0${agency}\0${sourceId}`);
  }
  /** The id of a noun known by its key. A page names few nouns many times, so the most recent ids are cached. */
  ofNoun(noun: Noun, key: string): string {
    const ids = this.remembered.get(noun) ?? new Map<string, string>();
    const known = ids.get(key);
    if (known) return known;
    if (!ids.size) this.remembered.set(noun, ids);
    if (ids.size >= maxRemembered) ids.clear();
    const id = this.make(`${noun.name}\0${isStated(noun) ? TOWN : ''}\0${key}`);
    ids.set(key, id);
    return id;
  }

  /** A UUID of version 8: the same input always gives the same id, which keeps a page idempotent and ids stable. */
  private make(words: string): string {
    const hex = hash('sha256', `${this.key}\0${words}`, 'hex');
    const [variant, version] = [`a${hex.slice(17, 20)}`, `8${hex.slice(13, 16)}`];
    return [hex.slice(0, 8), hex.slice(8, 12), version, variant, hex.slice(20, 32)].join('-'); // one string, not nine
  }
}
