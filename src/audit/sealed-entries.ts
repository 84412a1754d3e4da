/** How many entries are sealed, by order: the audit administrator sees that there are some, but not about whom. */
import { readFile } from 'node:fs/promises';
import { type Entry, parseEntry } from './entry.ts';
import { listSegments } from './segments.ts';

export interface SealedCount {
  /** Number of the order; null for entries from before 2026-12, which had none. */
  readonly order: string | null;
  readonly reader: string | null;
  readonly agency: string | null;
  /** Last day of the order, `2026-11-23`; null: until it is released. */
  readonly until: string | null;
  readonly entries: number;
  readonly released: number;
}

export async function countSealed(dir: string): Promise<SealedCount[]> {
  const sealed: Entry[] = [];
  const released = new Set<number>();
  for (const { file } of await listSegments(dir)) {
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const entry = parseEntry(line);
      if (entry?.sealed) sealed.push(entry);
      if (entry?.act === 'release' && entry.of?.entry) released.add(entry.of.entry);
    }
  }
  const byOrder = Map.groupBy(sealed, ({ who, purpose, sealedUntil }) =>
    JSON.stringify([purpose?.sealedBy ?? null, who.subject, who.agency, sealedUntil ?? null]),
  );
  return [...byOrder].map(([key, entries]) => {
    const [order, reader, agency, until] = JSON.parse(key) as (string | null)[];
    const opened = entries.filter(({ seq }) => released.has(seq)).length;
    return {
      order: order!,
      reader: reader!,
      agency: agency!,
      until: until!,
      entries: entries.length,
      released: opened,
    };
  });
}
