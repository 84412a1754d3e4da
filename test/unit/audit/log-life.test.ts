import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CommandInbox, requestAtInbox } from '../../../src/audit/command-inbox.ts';
import { releaseEntry } from '../../../src/audit/release.ts';
import { pruneLog } from '../../../src/audit/retention.ts';
import { countSealed } from '../../../src/audit/sealed-entries.ts';
import { reportSubject } from '../../../src/audit/subject-report.ts';
import { verifyLog } from '../../../src/audit/verify-log.ts';
import { AuditFolder, draft, personId } from '../../support/audit-folder.ts';

let folder: AuditFolder;
beforeEach(() => {
  folder = new AuditFolder();
});
afterEach(() => folder.remove());

const verify = () => verifyLog(folder.dir, folder.roots);
const unavailable = { code: 'AUDIT_UNAVAILABLE' };

describe('an entry', () => {
  test('is in the file when its append has resolved, and concurrent entries share one write', async () => {
    const log = await folder.open();
    const numbers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => log.append(draft({ counts: { rows: i } }))),
    );
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    const entries = folder.entries();
    expect(entries.map(entry => entry.counts.rows)).toEqual(numbers.map(n => n - 1));
    // The first entry is written alone; all others wait for it and share the second write.
    expect(new Set(entries.map(entry => entry.at)).size).toBeLessThanOrEqual(2);
    await log.close();
    expect((await verify()).faults).toEqual([]);
  });

  test('continues the chain of the entries before a restart', async () => {
    for (let start = 0; start < 4; start++) {
      const log = await folder.open();
      expect(await log.append(draft())).toBe(start * 2 + 1);
      expect(await log.append(draft())).toBe(start * 2 + 2);
      await log.close();
    }
    const { faults, remarks, last } = await verify();
    expect({ faults, remarks, last }).toEqual({ faults: [], remarks: [], last: 8 });
  });

  test('cannot be written by two logs of one process concurrently', async () => {
    const log = await folder.open();
    await expect(folder.open()).rejects.toThrow('Another log');
    await log.close();
    await (await folder.open()).close();
  });

  test('waits for its batch to be closed by time', async () => {
    const log = await folder.open({ batchMs: 20, batchEntries: 1_000 });
    await log.append(draft());
    for (;;) {
      const { roots } = await verify().catch(() => ({ roots: 0 }));
      if (roots === 1) break;
      await new Promise(resolve => setImmediate(resolve));
    }
    await log.close();
  });
});

describe('after a crash', () => {
  test('a line that was cut off is reported, and closed by a repair at the next start', async () => {
    const log = await folder.open();
    for (let i = 0; i < 8; i++) await log.append(draft());
    await log.close();
    appendFileSync(folder.segments().at(-1)!, '{"seq":9,"at":"2026-11-23T01:30');
    const crashed = await verify();
    expect(crashed.faults).toEqual([]);
    expect(crashed.remarks.join()).toMatch(/last line is incomplete/);
    const again = await folder.open();
    expect(await again.append(draft())).toBe(10);
    await again.close();
    const repaired = await verify();
    expect(repaired.faults).toEqual([]);
    expect(repaired.remarks.join()).toMatch(/^entry 9: a line before it was cut off/);
    // Nobody can insert anything there later.
    const file = folder.segments().at(-2)!;
    writeFileSync(file, readFileSync(file, 'utf8').replace(/01:30$/, '02:30'));
    expect((await verify()).faults.join()).toMatch(/^entry 9: what stands before it is incomplete/);
  });

  test('entries without a root get one at the next start', async () => {
    const log = await folder.open({ batchEntries: 1_000 });
    for (let i = 0; i < 8; i++) await log.append(draft());
    // This is the state that SIGKILL leaves: no batch closed, no index; the number is what versions of before left.
    const left = new AuditFolder();
    try {
      mkdirSync(left.dir, { recursive: true });
      for (const file of folder.segments()) writeFileSync(path.join(left.dir, path.basename(file)), readFileSync(file));
      writeFileSync(path.join(left.dir, 'lock'), '4194305');
      const again = await left.open();
      await again.close();
      const { faults, roots, last } = await verifyLog(left.dir, left.roots);
      expect({ faults, roots, last }).toEqual({ faults: [], roots: 1, last: 8 });
    } finally {
      left.remove();
      await log.close();
    }
  });
});

describe('while the log cannot be written', () => {
  test('nothing can be logged, and logging resumes by itself once it can', async () => {
    const log = await folder.open();
    await log.append(draft());
    renameSync(folder.dir, `${folder.dir}.away`);
    await expect(log.append(draft())).rejects.toMatchObject(unavailable);
    await expect(log.append(draft())).rejects.toMatchObject(unavailable);
    renameSync(`${folder.dir}.away`, folder.dir);
    const seq = await log.append(draft());
    expect(seq).toBeGreaterThan(1);
    await log.close();
    const { faults, last } = await verify();
    expect({ faults, last }).toEqual({ faults: [], last: seq });
    expect(folder.failures.length).toBeGreaterThan(0);
  });

  test('the same holds when its file was removed: the gap remains visible', async () => {
    const log = await folder.open();
    for (let i = 0; i < 3; i++) await log.append(draft());
    rmSync(folder.segments()[0]!);
    await expect(log.append(draft())).rejects.toMatchObject(unavailable);
    await log.append(draft());
    await log.close();
    expect((await verify()).faults.join()).toMatch(/entries 1 to \d: removed/);
  });

  test('the second place for roots may be away: they follow when it is back', async () => {
    writeFileSync(folder.roots, 'in the way of a directory');
    const log = await folder.open();
    for (let i = 0; i < 12; i++) await log.append(draft());
    rmSync(folder.roots);
    await log.close();
    const { faults, roots } = await verify();
    expect({ faults, roots }).toEqual({ faults: [], roots: 3 });
  });
});

describe('about one person', () => {
  test('the report finds every entry in every file, and no other', async () => {
    const log = await folder.open();
    const of = new Map<number, number[]>();
    for (let i = 0; i < 120; i++) {
      const people = [i % 5, 5 + (i % 11)];
      const seq = await log.append(draft({ subjects: people.map(personId) }));
      for (const n of people) of.set(n, [seq, ...(of.get(n) ?? [])]);
    }
    expect(folder.segments().length).toBeGreaterThan(5);
    for (const [n, expected] of of) {
      const { entries, more } = await reportSubject(folder.dir, personId(n), { first: 500 });
      expect({ n, seqs: entries.map(e => e.seq), more }).toEqual({ n, seqs: expected, more: false });
    }
    expect((await reportSubject(folder.dir, personId(99), { first: 500 })).entries).toEqual([]);
    const page = await reportSubject(folder.dir, personId(1), { first: 3 });
    expect(page.more).toBe(true);
    const next = await reportSubject(folder.dir, personId(1), { first: 100, before: page.entries.at(-1)!.seq });
    expect([...page.entries, ...next.entries].map(e => e.seq)).toEqual(of.get(1));
    await log.close();
  });

  const police = { subject: 'officer-3', role: 'officer', agency: 'police', session: null };
  const admin = { subject: 'root', role: 'audit-admin', agency: null, session: null };
  const until = '2999-12-31';
  const sealed = () =>
    draft({ who: police, purpose: { kind: 'task', value: 'patrol', sealedBy: '17', sealedUntil: until } });
  const told = async () => (await reportSubject(folder.dir, personId(1), { first: 10 })).entries.map(e => e.seq);

  test('a sealed entry opens by itself on the day after the last day of its order', async () => {
    const log = await folder.open();
    await log.append(sealed());
    const toldOn = async (day: string) =>
      (await reportSubject(folder.dir, personId(1), { first: 10 }, day)).entries.length;
    expect([await toldOn(until), await toldOn('3000-01-01')]).toEqual([0, 1]);
    expect(await countSealed(folder.dir)).toEqual([
      { order: '17', reader: 'officer-3', agency: 'police', until, entries: 1, released: 0 },
    ]);
    await log.close();
  });

  test('a sealed entry is left out until it is released, once', async () => {
    const log = await folder.open();
    await log.append(draft());
    await log.append(sealed());
    expect(await told()).toEqual([1]);
    expect(await releaseEntry(log, 1, admin, 'a court asked for it')).toEqual({ refused: 'Entry 1 is not sealed' });
    expect(await releaseEntry(log, 9, admin, 'a court asked for it')).toEqual({ refused: 'The log holds no entry 9' });
    expect(await releaseEntry(log, 2, admin, 'a court asked for it')).toEqual({ entry: 3 });
    expect(await told()).toEqual([2, 1]);
    expect(await releaseEntry(log, 2, admin, 'a court asked for it')).toEqual({
      refused: 'Entry 2 is released already',
    });
    await log.close();
    expect(folder.entries()[2]).toMatchObject({
      act: 'release',
      who: admin,
      reason: 'a court asked for it',
      of: { entry: 2 },
    });
  });

  test('a release reaches the hub that writes the log through its directory', async () => {
    const log = await folder.open();
    const inbox = new CommandInbox(log, error => folder.failures.push(error));
    await log.append(sealed());
    expect(await requestAtInbox(folder.dir, { who: admin, does: { release: 1, reason: 'a court asked' } })).toEqual({
      entry: 2,
    });
    expect(await told()).toEqual([1]);
    await inbox.close();
    await log.close();
  });
});

describe('an old entry', () => {
  const ago = (months: number) => () => {
    const date = new Date();
    date.setUTCMonth(date.getUTCMonth() - months);
    return date;
  };
  /** Writes entries of each of the past months, and one of today. */
  const fill = async (months: number) => {
    const old = await folder.open({ now: ago(months) });
    for (let i = 0; i < 60; i++) await old.append(draft());
    await old.close();
    const log = await folder.open();
    await log.append(draft());
    return log;
  };

  test('stays as long as the log is kept', async () => {
    const log = await fill(11);
    expect(await pruneLog(log, 12, new Date(), 'p')).toBeNull();
    await log.close();
    expect(folder.entries()).toHaveLength(61);
  });

  test('is removed with its whole file afterwards, and the rest is proven, with its first date', async () => {
    const log = await fill(13);
    expect(await pruneLog(log, 12, new Date(), 'p')).toBe(60);
    expect(await pruneLog(log, 12, new Date(), 'p')).toBeNull();
    await log.append(draft());
    await log.close();
    expect(folder.entries().map(({ seq, act }) => [seq, act])).toEqual([
      [61, 'read'],
      [62, 'prune'],
      [63, 'read'],
    ]);
    const { faults, remarks, first } = await verify();
    expect({ faults, first: first?.seq }).toEqual({ faults: [], first: 61 });
    expect(remarks.join()).toMatch(/^The log goes back to entry 61 of \d{4}-/);
  });

  test('cannot be removed while it is younger than the law allows, logged or not', async () => {
    const log = await fill(4);
    await pruneLog(log, 3, new Date(), 'p');
    await log.close();
    expect((await verify()).faults).toEqual(['entries 1 to 60: removed before their time']);
  });
});
