import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditSettings } from '../../../src/audit/audit-log.ts';
import { type Entry, leafHash } from '../../../src/audit/entry.ts';
import { MerkleTree } from '../../../src/audit/merkle-tree.ts';
import { openingOf } from '../../../src/audit/opening.ts';
import { ledgerFile } from '../../../src/audit/root-ledger.ts';
import { commandSigner, keySigner, type RootSigner, TrustedKeys } from '../../../src/audit/root-signing.ts';
import { keptLine, type LogRoot, linkAfter, readRoots } from '../../../src/audit/roots.ts';
import { listSegments, readSegment } from '../../../src/audit/segments.ts';
import { verifyLog } from '../../../src/audit/verify-log.ts';
import { readSigningKeys } from '../../../src/domain/signing-keys.ts';
import { AuditFolder, draft } from '../../support/audit-folder.ts';

let folder: AuditFolder;
const own = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const trusts = (...keys: KeyObject[]) => new TrustedKeys(keys);
const signer = keySigner(own.privateKey);

beforeEach(() => {
  folder = new AuditFolder();
});
afterEach(() => folder.remove());

const days = (ago: number) => () => new Date(Date.now() - ago * 86_400_000);

/** Opens the log as a hub does, writes entries, and closes it. */
async function write(count: number, settings: Partial<AuditSettings> = {}): Promise<void> {
  const log = await folder.open(settings);
  await log.append(openingOf(log.settings));
  for (let i = 0; i < count; i++) await log.append(draft({ counts: { rows: i } }));
  await log.close();
}
const verify = (demands: Parameters<typeof verifyLog>[2] = { trusted: trusts(own.publicKey) }) =>
  verifyLog(folder.dir, folder.roots, demands);

/** Files in which the roots stand, at both places. */
const rootFiles = () => [
  ledgerFile(folder.dir),
  ...readdirSync(folder.roots).map(name => path.join(folder.roots, name)),
];
const editRoots = (change: (text: string) => string) => {
  for (const file of rootFiles()) writeFileSync(file, change(readFileSync(file, 'utf8')));
};
const removeRoots = () => {
  for (const file of rootFiles()) rmSync(file);
};

const changed = (line: string, change: Partial<Entry>) => JSON.stringify({ ...(JSON.parse(line) as Entry), ...change });
/** Edits one entry and makes every link behind it fit again. */
function editAndChain(seq: number): void {
  const lines = folder.lines();
  lines[seq - 1] = changed(lines[seq - 1]!, { result: null, counts: { rows: 1_000 } });
  for (let i = seq; i < lines.length; i++) lines[i] = changed(lines[i]!, { prev: leafHash(lines[i - 1]!) });
  folder.rewrite(lines);
  for (const file of folder.segments()) rmSync(file.replace('.jsonl', '.index'), { force: true });
}

/** What whoever knows the format can do: all roots anew, over what the files hold now. */
async function makeRootsAnew(): Promise<void> {
  const old = (await readRoots(folder.roots)).sort((a, b) => a.batch - b.batch);
  const lines = folder.lines();
  const anew: LogRoot[] = [];
  for (const root of old) {
    const tree = new MerkleTree();
    for (const line of lines.slice(root.from - 1, root.to)) tree.add(leafHash(line));
    anew.push({ ...root, root: tree.root(), prev: linkAfter(anew.at(-1) ?? null) });
  }
  const text = anew.map(root => `${keptLine(root)}\n`).join('');
  for (const file of rootFiles()) writeFileSync(file, text);
}

/** Cuts off the log behind a root, and the roots behind it at both places. */
async function cutOffBehind(batch: number): Promise<void> {
  const roots = (await readRoots(folder.roots)).sort((a, b) => a.batch - b.batch);
  const to = roots.find(root => root.batch === batch)!.to;
  const kept = folder.lines().slice(0, to);
  folder.rewrite(kept);
  for (const { file, index } of await listSegments(folder.dir)) {
    rmSync(index, { force: true });
    if (!(await readSegment(file)).lines.length) rmSync(file);
  }
  const text = roots
    .slice(0, batch)
    .map(root => `${keptLine(root)}\n`)
    .join('');
  for (const file of rootFiles()) writeFileSync(file, text);
}

describe('each tampering with both places has its verdict', () => {
  const signing: [string, Partial<AuditSettings>][] = [
    ['unsigned roots', {}],
    ['signed roots', { signer }],
  ];
  for (const [what, settings] of signing) {
    const trusted = settings.signer ? trusts(own.publicKey) : trusts();
    test(`an untouched log under ${what} is proven`, async () => {
      await write(56, settings);
      const { faults, remarks, last } = await verify({ trusted });
      expect({ faults, remarks, last }).toEqual({ faults: [], remarks: [], last: 57 });
    });

    test(`one entry edited, everything chained anew, and the roots of both places deleted (${what})`, async () => {
      await write(56, settings);
      editAndChain(23);
      removeRoots();
      expect((await verify({ trusted })).faults.join('\n')).toMatch(
        /entries 1 to 57: (their roots were removed|without a root)/,
      );
    });

    test(`the same in a log of one file, as soon as the interval is over (${what})`, async () => {
      await write(20, { ...settings, segmentBytes: 1_000_000, now: days(1) });
      editAndChain(7);
      removeRoots();
      expect((await verify({ trusted })).faults.join('\n')).toMatch(/entries 1 to 21: without a root for 24 h/);
      const soon = new Date(days(1)().getTime() + 4_000);
      expect((await verify({ trusted: trusts(), now: soon })).faults).toEqual([]);
    });

    test(`the tail cut off with its roots at both places is found by a root that was noted (${what})`, async () => {
      await write(56, settings);
      const { lastRoot } = await verify({ trusted });
      await cutOffBehind(6);
      expect((await verify({ trusted })).faults).toEqual([]);
      const { faults } = await verify({ trusted, expect: lastRoot!.root });
      expect(faults).toEqual([expect.stringMatching(`^The expected root ${lastRoot!.root} is not there`)]);
    });

    test(`everything deleted at both places (${what})`, async () => {
      await write(56, settings);
      const { lastRoot } = await verify({ trusted });
      for (const file of [...folder.segments(), ...rootFiles()]) rmSync(file);
      expect((await verify({ trusted })).faults).toEqual([expect.stringMatching(/^There are no entries/)]);
      expect((await verify({ trusted, expect: lastRoot!.root })).faults).toHaveLength(2);
    });

    test(`everything deleted at the first place (${what})`, async () => {
      await write(56, settings);
      for (const name of readdirSync(folder.dir)) rmSync(path.join(folder.dir, name));
      expect((await verify({ trusted })).faults).toContain('entries 1 to 57: cut off, their roots are still there');
      await expect(folder.open(settings)).rejects.toThrow(/^HUB_AUDIT_ROOTS holds the root of batch 1 /);
    });

    test(`entries between two roots that no root covers (${what})`, async () => {
      await write(56, settings);
      const roots = (await readRoots(folder.roots)).map(root => ({ ...root, signatures: undefined }));
      const fewer = [...roots.slice(0, 3), ...roots.slice(4)];
      const text = fewer.map((root, i) => keptLine({ ...root, batch: i + 1 })).join('\n');
      for (const file of rootFiles()) writeFileSync(file, text);
      expect((await verify({ trusted })).faults.length).toBeGreaterThan(0);
    });
  }

  test('one entry edited, and everything chained and rooted anew: only a signature reveals it', async () => {
    await write(56);
    editAndChain(23);
    await makeRootsAnew();
    expect((await verify({ trusted: trusts() })).faults).toEqual([]);
  });

  test('the same under signed roots', async () => {
    await write(56, { signer });
    editAndChain(23);
    await makeRootsAnew();
    const { faults } = await verify();
    expect(faults[0]).toMatch(/^The root of batch \d+ has a signature that is not of the Ed25519 key [0-9a-f]{64}$/);
  });

  test('roots that were removed, so that the next start makes one for all of it', async () => {
    await write(20, { signer, segmentBytes: 1_000_000, now: days(3) });
    const log = await folder.open({ signer, segmentBytes: 1_000_000, now: days(2) });
    for (let i = 0; i < 10; i++) await log.append(draft());
    await log.close();
    editAndChain(7);
    removeRoots();
    await write(3, { signer });
    expect((await verify()).faults).toEqual([
      'entries 1 to 31: written over 24 h and under one root, so others were removed',
    ]);
  });

  test('roots that were made anew for old entries, and left to a hub to sign', async () => {
    await write(20, { signer, segmentBytes: 1_000_000, now: days(3) });
    editAndChain(7);
    await makeRootsAnew();
    editRoots(text => text.replace(/,"signatures":\[[^\]]*\]/g, ''));
    // The second place ends with the first root, so that the next start brings the others there, signed.
    const [first] = await readRoots(ledgerFile(folder.dir));
    for (const name of readdirSync(folder.roots)) rmSync(path.join(folder.roots, name));
    writeFileSync(path.join(folder.roots, 'roots-2020-01.jsonl'), `${keptLine(first!)}\n`);
    await write(3, { signer });
    expect((await verify()).faults.join('\n')).toMatch(/signed more than a day after they were written/);
  });
});

describe('from the first signed root on', () => {
  test('every root is signed; those from before are verified as such, up to the entry that records the change', async () => {
    await write(12);
    await write(12, { signer });
    const { faults, remarks } = await verify();
    expect(faults).toEqual([]);
    expect(remarks).toEqual(['roots 1 to 3 of entries 1 to 13: from before roots were signed']);
    expect(folder.entries()[13]).toMatchObject({ seq: 14, act: 'open', result: signer.key });
  });

  test('a root from before is proven like any other', async () => {
    await write(12);
    await write(12, { signer });
    editAndChain(5);
    expect((await verify()).faults.join('\n')).toMatch(/entries 1 to 5: not as they were when batch 1 was closed/);
  });

  test('a root without its signature is a fault', async () => {
    await write(30, { signer });
    editRoots(text =>
      text
        .split('\n')
        .map(line => (line.startsWith('{"batch":4,') ? line.replace(/,"signatures":.*/, '}') : line))
        .join('\n'),
    );
    expect((await verify()).faults).toEqual(['The root of batch 4 is not signed, but roots are signed before it']);
  });

  test('no signature at all is a fault, although the log says that roots are signed', async () => {
    await write(30, { signer });
    editRoots(text => text.replace(/,"signatures":\[[^\]]*\]/g, ''));
    expect((await verify()).faults).toContain('The root of batch 1 is not signed, but roots are signed before it');
  });

  test('no signature at all is a fault for whoever trusts a key, when the log says nothing either', async () => {
    await write(30);
    const { faults } = await verify();
    expect(faults).toEqual([
      'roots 1 to 7 of entries 1 to 31: not signed, though keys are trusted and the log records no change to signed roots',
    ]);
  });

  test('a forged signature is a fault, of another root or of another key', async () => {
    await write(30, { signer });
    const [first, second] = await readRoots(folder.roots);
    const swap = (value: string) => editRoots(text => text.replaceAll(second!.signatures![0]!.value, value));
    swap(first!.signatures![0]!.value);
    const forged = `The root of batch 2 has a signature that is not of the Ed25519 key ${signer.key}`;
    expect((await verify()).faults).toEqual([forged]);
  });

  test('the time of a signature cannot be edited', async () => {
    await write(30, { signer });
    editRoots(text =>
      text.replace(
        /"at":"(\d{4})[^"]*","value"/,
        (_, year) => `"at":"${Number(year) - 1}-01-01T00:00:00.000Z","value"`,
      ),
    );
    expect((await verify()).faults.join('\n')).toMatch(/^The root of batch 1 has a signature that is not of/);
  });

  test('the signature of a key that is not trusted is a fault, and the key is named', async () => {
    const other = keySigner(stranger.privateKey);
    await write(30, { signer: other });
    const { faults, remarks } = await verify();
    expect(faults[0]).toBe('The root of batch 1 is not signed by a key that is trusted');
    expect(remarks.join()).toContain(`the Ed25519 key ${other.key}, which is not trusted`);
    expect((await verify({ trusted: trusts(stranger.publicKey) })).faults).toEqual([]);
  });

  test('a new key is one more that is trusted', async () => {
    await write(12, { signer });
    await write(12, { signer: keySigner(stranger.privateKey) });
    expect((await verify({ trusted: trusts(own.publicKey, stranger.publicKey) })).faults).toEqual([]);
    expect((await verify()).faults.length).toBeGreaterThan(0);
  });

  test('the log cannot be opened without a signer, and says which setting is missing', async () => {
    await write(12, { signer });
    await expect(folder.open()).rejects.toThrow(/set HUB_AUDIT_SIGNING_KEY$/);
  });
});

describe('a signer', () => {
  const fails: RootSigner = { ...signer, sign: () => Promise.reject(new Error('The module is locked')) };

  test('that fails lets roots wait and the log go on; verify finds them, and they follow when it is back', async () => {
    await write(4, { signer, now: days(0.3) });
    const log = await folder.open({ signer: fails, now: days(0.2) });
    for (let i = 0; i < 12; i++) await log.append(draft());
    expect(log.rootsBehind).toMatchObject({ count: 2 });
    await log.close();
    expect(String(folder.failures[0])).toContain('The module is locked');
    const { faults } = await verify();
    expect(faults).toContain('The root of batch 2 has not reached the second place');
    expect(faults).toContain('The root of batch 2 is not signed, but roots are signed before it');
    await write(3, { signer });
    const again = await verify();
    expect({ faults: again.faults, last: again.last }).toEqual({ faults: [], last: 21 });
    expect(again.remarks).toContain('entries 6 to 10: under a root only 5 h after they were written');
  });

  /** A program that reads its input and answers as its text says. */
  function program(answer: string): string {
    const file = path.join(path.dirname(folder.dir), 'sign');
    const key = JSON.stringify(own.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(
      file,
      `#!${process.execPath}
const { readFileSync } = require('node:fs');
const { sign, createPrivateKey } = require('node:crypto');
const bytes = readFileSync(0);
const signed = () => sign(null, bytes, createPrivateKey(${key})).toString('base64');
${answer}
`,
    );
    chmodSync(file, 0o700);
    return file;
  }
  const publicKey = own.publicKey;

  test('may be a program: roots are then signed as by the key itself', async () => {
    const outside = commandSigner(program('console.log(signed());'), publicKey, 10_000);
    await write(12, { signer: outside });
    expect((await verify()).faults).toEqual([]);
    expect(outside.key).toBe(signer.key);
  });

  test('that prints something else, fails or does not answer in time signs nothing', async () => {
    const bytes = Buffer.from('a root');
    const with_ = (answer: string, deadlineMs = 10_000) =>
      commandSigner(program(answer), publicKey, deadlineMs).sign(bytes);
    await expect(with_('console.log("c2lnbmVk");')).rejects.toThrow('printed no signature of its key');
    await expect(with_('process.exit(3);')).rejects.toThrow('failed (exit code 3)');
    await expect(with_('setInterval(() => {}, 1000);', 300)).rejects.toThrow('failed (SIGKILL)');
    await expect(with_('process.stdout.write("A".repeat(1e6)); setInterval(() => {}, 1000);')).rejects.toThrow(
      'failed (SIGKILL)',
    );
    await expect(commandSigner('/nowhere/sign', publicKey, 1_000).sign(bytes)).rejects.toThrow('ENOENT');
  });

  test('reads its keys from PEM files, and takes no other kind of key', () => {
    const pem = (key: KeyObject) =>
      key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }) as string;
    const both = readSigningKeys(pem(own.publicKey) + pem(stranger.privateKey));
    expect(new TrustedKeys(both).ids).toEqual([signer.key, keySigner(stranger.privateKey).key]);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(() => readSigningKeys(pem(rsa.publicKey))).toThrow('Ed25519');
    expect(() => readSigningKeys('no key')).toThrow('at least one');
    expect(createPublicKey(pem(own.privateKey)).equals(own.publicKey)).toBe(true);
  });
});

describe('both places', () => {
  test('have to be on two file systems, unless the operator allowed one, which the log repeats at every start', async () => {
    await write(5);
    expect((await verify({ apart: true })).faults).toEqual([
      expect.stringMatching(/^Both places are on one file system/),
    ]);
    await write(5, { oneFileSystemAllowed: true });
    expect((await verify({ apart: true })).faults).toEqual([]);
    await write(5);
    expect((await verify({ apart: true })).faults).toHaveLength(1);
    expect(
      folder
        .entries()
        .filter(({ act }) => act === 'open')
        .map(({ of }) => of!.oneFileSystemAllowed),
    ).toEqual([0, 1, 0]);
  });
});

test('what is verified while it is written has no faults', async () => {
  const log = await folder.open({ signer, batchMs: 20, segmentBytes: 2_000 });
  await log.append(openingOf(log.settings));
  let writing = true;
  const writer = (async () => {
    while (writing) await log.append(draft());
  })();
  const found: string[] = [];
  for (let i = 0; i < 15; i++) found.push(...(await verify()).faults);
  writing = false;
  await writer;
  await log.close();
  expect(found).toEqual([]);
  expect((await verify()).faults).toEqual([]);
});
