/** The derived nouns that a page touches, and what the page now claims of them. */
import type { Link, StoredNoun } from '../catalog/catalog.ts';
import type { RecordedChange } from './changes.ts';
import { type EncodedRecord, linkOf, type ValidRecord, type WrittenRow } from './rows.ts';

/** A record that states facts of a person or an organisation, by one of its links. */
export interface StatedClaim {
  readonly record: ValidRecord;
  readonly link: Link;
}

/** What a record claims of a fact; null where the record leaves it open. */
export function claimed({ record, link }: StatedClaim, fact: string): string | null {
  const field = link.states.find(([stated]) => stated === fact)?.[1];
  const value = field === undefined ? null : (record.values[field] ?? null);
  return value === null ? null : String(value);
}

export class Affected {
  /** Ids by noun: the nouns that have to be derived again. */
  readonly touched = new Map<StoredNoun, Set<string>>();
  /** Ids among them of which the page may have withdrawn a claim. */
  readonly contested = new Map<StoredNoun, Set<string>>();
  /** New claims of the page, by noun and id. */
  readonly claims = new Map<StoredNoun, Map<string, StatedClaim[]>>();
  /** Records of the page that are now part of a case, by kind and the case's id. */
  readonly parts = new Map<StoredNoun, Map<string, ValidRecord[]>>();

  /** Reads records that are new. */
  found(noun: StoredNoun, fresh: readonly EncodedRecord[]): void {
    noun.links.forEach((link, n) => {
      const target = derivedTarget(link);
      if (!target || !decides(link, target)) return;
      const touched = of(this.touched, target, () => new Set<string>());
      for (const { row, record } of fresh) {
        const id = row.links[n];
        if (!id) continue;
        touched.add(id);
        if (!row.deleted) this.state(noun, link, target, id, record);
      }
    });
  }

  /** Reads written rows, and the records from which they were made; returns the rows that changed. */
  touch(noun: StoredNoun, rows: readonly WrittenRow[], recordOf?: (id: string) => ValidRecord) {
    noun.links.forEach((link, n) => {
      const target = derivedTarget(link);
      if (!target || !decides(link, target)) return;
      const touched = of(this.touched, target, () => new Set<string>());
      for (const row of rows) {
        const { old, now, unchanged: steady } = linkOf(row, n);
        if (old) touched.add(old);
        if (now) touched.add(now);
        if (old && (old !== now || !steady)) of(this.contested, target, () => new Set<string>()).add(old);
        if (now && recordOf && !row[1]) this.state(noun, link, target, now, recordOf(row[0] as string));
      }
    });
    return rows.filter(row => row[2]).map(row => touchedBy(noun, row));
  }

  private state(noun: StoredNoun, link: Link, target: StoredNoun, id: string, record: ValidRecord): void {
    if (target.name === 'Case') {
      const parts = of(this.parts, noun, () => new Map<string, ValidRecord[]>());
      of(parts, id, () => []).push(record);
    } else {
      const claims = of(this.claims, target, () => new Map<string, StatedClaim[]>());
      of(claims, id, () => []).push({ record, link });
    }
  }
}

/** A row that changed, and what it replaced. */
function touchedBy(noun: StoredNoun, row: WrittenRow): Omit<RecordedChange, 'caseNo'> {
  const linked = (role: string) => {
    const index = linkAt(noun, role);
    return index < 0 ? { old: null, now: null } : linkOf(row, index);
  };
  const [id, deleted] = row as unknown as [string, boolean];
  const [led, ofCase] = [linked('leadAgency'), linked('case')];
  return {
    kind: noun.name,
    id,
    deleted,
    caseId: noun.name === 'Case' ? id : ofCase.now,
    wasCaseId: ofCase.old,
    replacedAt: (row.at(-1) as string | null) ?? null,
    reassigned: led.old !== null && led.now !== null && led.old !== led.now,
  };
}

export const linkAt = (noun: StoredNoun, role: string) => noun.links.findIndex(link => link.role === role);

/** The case number that a record of the noun names; null where such records have none. */
export function caseNoOf(noun: StoredNoun): (record: ValidRecord) => string | null {
  const field = noun.kind.about.case?.from[0];
  return record => (field ? ((record.values[field] as string | undefined) ?? null) : null);
}

function of<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** The noun that a link makes exist; null where its target is stated by a source. */
export const derivedTarget = ({ target }: Link): StoredNoun | null =>
  target.origin === 'derived' ? (target as StoredNoun) : null;
const decides = (link: Link, target: StoredNoun) => link.states.length > 0 || target.name === 'Case';
