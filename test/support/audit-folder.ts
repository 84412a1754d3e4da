/** A directory for an audit log and one for its roots, and helpers that read and change the lines in them. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AuditLog, type AuditSettings } from '../../src/audit/audit-log.ts';
import type { Draft, Entry } from '../../src/audit/entry.ts';
import { identityKeyFile } from './identity-key-file.ts';

/** Settings of a hub whose audit log and identity key belong to this Jest run only. */
export function auditPlaces() {
  const folder = path.join(process.env.TEST_AUDIT_FOLDER ?? tmpdir(), randomUUID());
  return {
    ...identityKeyFile(),
    HUB_AUDIT_DIR: path.join(folder, 'log'),
    HUB_AUDIT_ROOTS: path.join(folder, 'roots'),
    // A test run has one disk, as a demo has.
    HUB_AUDIT_ONE_FILE_SYSTEM: 'true',
  };
}

export class AuditFolder {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-audit-'));
  readonly dir = path.join(this.folder, 'log');
  readonly roots = path.join(this.folder, 'roots');
  readonly failures: unknown[] = [];

  async open(settings: Partial<AuditSettings> = {}): Promise<AuditLog> {
    const usual = { batchMs: 60_000, batchEntries: 5, segmentBytes: 4_000, subjectCap: 100 };
    const log = await AuditLog.open({ dir: this.dir, roots: this.roots, ...usual, ...settings }, error =>
      this.failures.push(error),
    );
    if (!log) throw new Error('Another log holds the directory');
    return log;
  }

  /** The files of entries, ordered by name. */
  segments(): string[] {
    return readdirSync(this.dir)
      .filter(name => /^entries-\d+\.jsonl$/.test(name))
      .sort()
      .map(name => path.join(this.dir, name));
  }
  lines(): string[] {
    return this.segments().flatMap(file => readFileSync(file, 'utf8').split('\n').slice(0, -1));
  }
  entries(): Entry[] {
    return this.lines().map(line => JSON.parse(line) as Entry);
  }
  /** Replaces the log's lines: each file keeps as many lines as it had, and the last file takes the rest. */
  rewrite(lines: readonly string[]): void {
    const files = this.segments();
    let from = 0;
    files.forEach((file, i) => {
      const had = readFileSync(file, 'utf8').split('\n').length - 1;
      const to = i === files.length - 1 ? lines.length : from + had;
      writeFileSync(
        file,
        lines
          .slice(from, to)
          .map(line => `${line}\n`)
          .join(''),
      );
      from = to;
    });
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const personId = (n: number): string => {
  const hex = n.toString(16).padStart(8, '0');
  // Keyed hashes may begin with any character, so these ids do too.
  return `${[...hex].reverse().join('')}-0000-8000-a000-${hex.padStart(12, '0')}`;
};

export const draft = (change: Partial<Draft> = {}): Draft => ({
  act: 'read',
  who: { subject: 'clerk-7', role: 'clerk', agency: null, session: 's1' },
  purpose: { kind: 'task', value: 'test' },
  operation: { name: 'Q', sha256: 'ab' },
  channel: 'http',
  subjects: [personId(1)],
  result: 'cd',
  policy: 'p1',
  counts: { rows: 1 },
  ...change,
});
