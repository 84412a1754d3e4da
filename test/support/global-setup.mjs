// One PostgreSQL server for a whole Jest run; workers inherit the environment that is set here.
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import '../../bin/typescript.mjs';

export default async function globalSetup() {
  process.env.TEST_DATABASE_PREFIX = `test_${randomBytes(4).toString('hex')}_`;
  process.env.TEST_AUDIT_FOLDER = mkdtempSync(path.join(tmpdir(), 'outpost-hub-test-audit-'));
  if (process.env.TEST_DATABASE_URL) {
    process.env.TEST_POSTGRES_URL = process.env.TEST_DATABASE_URL;
    return;
  }
  const { embeddedPostgresAvailable, startPostgres, throwAwaySettings } = await import(
    '../../src/store/embedded-postgres.ts'
  );
  // Without a server the tests that need none still run; the others say what is missing.
  if (!embeddedPostgresAvailable()) return;
  const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-test-'));
  const server = await startPostgres({ dataDir: path.join(folder, 'data'), settings: throwAwaySettings });
  process.env.TEST_POSTGRES_URL = server.url();
  globalThis.testPostgres = { server, folder };
}
