/**
 * The key from which ids derive in every database of a test run, and the setting with its file. Databases with the same key
 * can be compared, and every process that a test starts over one database has to have the key of that database.
 */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const testIdentityKey = 'the key of a test';

let own: string | undefined;
const folder = () => {
  own ??= process.env.TEST_AUDIT_FOLDER ?? mkdtempSync(path.join(tmpdir(), 'outpost-hub-test-key-'));
  return own;
};

/** @param key another key is in another file */
export function identityKeyFile(key = testIdentityKey) {
  const file = path.join(folder(), `identity-key-${Buffer.from(key).toString('hex')}`);
  if (!existsSync(file)) writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return { HUB_IDENTITY_KEY: file };
}
