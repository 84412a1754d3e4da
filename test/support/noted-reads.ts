/** What a test hub writes into its audit log while something runs. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Entry } from '../../src/audit/entry.ts';

export function entriesIn(dir: string): Entry[] {
  const files = readdirSync(dir).filter(name => name.startsWith('entries') && name.endsWith('.jsonl'));
  const text = files.sort().map(name => readFileSync(path.join(dir, name), 'utf8'));
  const lines = text.join('').split('\n').filter(Boolean);
  return lines.map(line => JSON.parse(line) as Entry);
}

/** The entries that `work` added to the log, in order. */
export async function notedBy<T>(dir: string, work: () => Promise<T>): Promise<{ result: T; added: Entry[] }> {
  const before = entriesIn(dir).length;
  const result = await work();
  return { result, added: entriesIn(dir).slice(before) };
}
