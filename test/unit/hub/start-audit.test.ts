import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunningAudit } from '../../../src/audit/open-audit.ts';
import { readAuditConfig } from '../../../src/config.ts';
import { auditSettings, auditWarnings } from '../../../src/hub/start-audit.ts';

let folder: string;
const keys = generateKeyPairSync('ed25519');
const privatePem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const publicPem = keys.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const file = (name: string) => path.join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-signing-'));
  writeFileSync(file('private'), privatePem);
  writeFileSync(file('public'), publicPem);
  writeFileSync(file('two'), privatePem + privatePem);
  writeFileSync(file('none'), 'no key');
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[what: string, key: string | undefined, program: string | undefined, says: RegExp]>([
  [
    'a file without a key',
    'none',
    undefined,
    /^HUB_AUDIT_SIGNING_KEY should be the path of a PEM file with the Ed25519 key/,
  ],
  ['a public key without a program', 'public', undefined, /^HUB_AUDIT_SIGNING_KEY should hold a private key, unless/],
  [
    'a program without a key',
    undefined,
    '/bin/sign',
    /^HUB_AUDIT_SIGNING_KEY should hold the public key of HUB_AUDIT_SIGNING_COMMAND/,
  ],
  ['two keys', 'two', undefined, /^HUB_AUDIT_SIGNING_KEY should hold one key/],
])('%s cannot sign, and the message says what to do', (_, key, program, says) => {
  const environment = { HUB_AUDIT_SIGNING_KEY: key && file(key), HUB_AUDIT_SIGNING_COMMAND: program };
  expect(() => auditSettings(readAuditConfig(environment))).toThrow(says);
});

test('a private key signs, or a program with its public half, under the same name', () => {
  const signers = [
    { HUB_AUDIT_SIGNING_KEY: file('private') },
    { HUB_AUDIT_SIGNING_KEY: file('public'), HUB_AUDIT_SIGNING_COMMAND: '/bin/sign' },
  ].map(environment => auditSettings(readAuditConfig(environment)).signer!);
  expect(new Set(signers.map(({ algorithm, key }) => `${algorithm} ${key}`)).size).toBe(1);
  expect(auditSettings(readAuditConfig({})).signer).toBeUndefined();
});

test('readiness tells of roots that wait for longer than making them takes', () => {
  const told = (sinceMs: number | null) => {
    const since = sinceMs === null ? null : { count: 3, since: new Date(Date.now() - sinceMs).toISOString() };
    return auditWarnings({ log: { rootsBehind: since } } as RunningAudit);
  };
  expect([told(null), told(1_000)]).toEqual([[], []]);
  expect(told(60_000)).toEqual(['3 roots of the audit log wait for their signature or their second place']);
});
