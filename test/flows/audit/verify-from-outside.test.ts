import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openingOf } from '../../../src/audit/opening.ts';
import { keySigner } from '../../../src/audit/root-signing.ts';
import { AuditFolder, draft } from '../../support/audit-folder.ts';
import { SpawnedCommand } from '../../support/spawned-command.ts';

/** An auditor has the log, the second place, the public keys, and what they wrote down the last time. */
const folder = new AuditFolder();
const own = generateKeyPairSync('ed25519');
const signer = keySigner(own.privateKey);
const keyFile = path.join(path.dirname(folder.dir), 'public.pem');

async function write(allowed: boolean): Promise<void> {
  const log = await folder.open({ signer, oneFileSystemAllowed: allowed });
  await log.append(openingOf(log.settings));
  for (let i = 0; i < 7; i++) await log.append(draft());
  await log.close();
}
beforeAll(async () => {
  writeFileSync(keyFile, own.publicKey.export({ type: 'spki', format: 'pem' }));
  await write(true);
});
afterAll(() => folder.remove());

async function verify(...words: string[]) {
  const command = new SpawnedCommand(process.execPath, ['bin/run.mjs', 'src/cli/hub.ts', 'audit', 'verify', ...words]);
  const code = await command.ended;
  return { code, text: command.output };
}
const places = [folder.dir, folder.roots];

test('verify says whom it trusts and which root to write down, and takes that root the next time', async () => {
  const first = await verify(...places, '--keys', keyFile);
  expect(first).toEqual({
    code: 0,
    text: expect.stringContaining(`Trusted for signatures: the Ed25519 key ${signer.key}`),
  });
  const [, root] = /Write down the root of entry 8, .*--expect ([0-9a-f]{64})/.exec(first.text)!;
  await write(true);
  expect((await verify(...places, '--keys', keyFile, '--expect', root!)).code).toBe(0);
  const other = await verify(
    ...places,
    '--keys',
    keyFile,
    '--expect',
    root!.replace(/^./, digit => (digit === '0' ? '1' : '0')),
  );
  expect(other).toEqual({ code: 1, text: expect.stringMatching(/The expected root [0-9a-f]{64} is not there/) });
});

test('without the public key signed roots prove nothing', async () => {
  const { code, text } = await verify(...places);
  expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining('is not signed by a key that is trusted') });
  expect(text).toContain('Trusted for signatures: no key');
});

test('one file system that nobody allowed is a fault', async () => {
  await write(false);
  const { code, text } = await verify(...places, '--keys', keyFile);
  expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining('Both places are on one file system') });
  await write(true);
});

test('wrong words are one sentence', async () => {
  expect(await verify(...places, '--expect', 'abc')).toMatchObject({
    code: 2,
    text: expect.stringMatching(/^`--expect` is followed by a root/),
  });
  expect(await verify(...places, '--keys', folder.dir)).toMatchObject({
    code: 2,
    text: expect.stringMatching(/^`--keys` is followed by the path/),
  });
});

test('an empty directory is no proof of anything', async () => {
  const empty = new AuditFolder();
  try {
    const log = await empty.open();
    await log.close();
    const { code, text } = await verify(empty.dir, path.dirname(empty.dir));
    expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining('There are no entries') });
  } finally {
    empty.remove();
  }
});
