// Leaves nothing of a Jest run behind: neither the server that it started nor its databases in a server that it found.
import { rmSync } from 'node:fs';
import '../../bin/typescript.mjs';

export default async function globalTeardown() {
  rmSync(process.env.TEST_AUDIT_FOLDER, { recursive: true, force: true });
  if (globalThis.testPostgres) {
    const { server, folder } = globalThis.testPostgres;
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  } else if (process.env.TEST_POSTGRES_URL) {
    const { dropTestDatabases } = await import('./database.ts');
    await dropTestDatabases();
  }
}
