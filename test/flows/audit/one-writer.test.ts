import { expect, test } from '@jest/globals';
import { verifyLog } from '../../../src/audit/verify-log.ts';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { createTables } from '../../support/create-tables.ts';
import { clonedDatabase } from '../../support/database.ts';
import { HubProcess } from '../../support/hub-process.ts';
import { freePort } from '../../support/spawned-command.ts';
import { makeTokenIssuer } from '../../support/token-issuer.ts';

test('two hubs never write one log, and a killed one keeps nobody from starting', async () => {
  const adapters = (await findAdapters()).filter(({ agency }) => agency.code === 'police');
  const database = await clonedDatabase('hub_police', url => createTables(url, makeCatalog(adapters)));
  const { environment } = await makeTokenIssuer();
  const police = {
    HUB_POLICE_URL: 'http://127.0.0.1:1/rbsp',
    HUB_POLICE_SENDER_ID: 'nobody',
    HUB_POLICE_ACCESS_KEY: 'key-of-nothing',
  };
  // However slow the machine is, the last entry is not overdue.
  const slowRoots = { HUB_AUDIT_BATCH_MS: '60000' };
  const started: HubProcess[] = [];
  const start = async () => {
    const port = await freePort();
    const own = {
      DATABASE_URL: database.url,
      HUB_AGENCIES: 'police',
      HUB_PORT: String(port),
      HUB_LOG_LEVEL: 'error',
      ...slowRoots,
    };
    const hub = HubProcess.start({ ...environment, ...police, ...own });
    started.push(hub);
    return { hub, open: () => hub.during(isOpen(port)) };
  };
  try {
    const first = await start();
    await first.open();
    const second = await start();
    expect(await second.hub.gone).toMatch(
      /^HUB_AUDIT_DIR should be a directory of this hub alone; a living process writes/,
    );
    await first.hub.kill();
    const third = await start();
    await third.open();
    await third.hub.kill();
    const [dir, roots] = [environment.HUB_AUDIT_DIR!, environment.HUB_AUDIT_ROOTS!];
    const { faults, last } = await verifyLog(dir, roots);
    // Both starts, and the rules that the first of them found.
    expect({ faults, last }).toEqual({ faults: [], last: 3 });
  } finally {
    for (const hub of started) await hub.kill();
    await database.drop();
  }
});

/** The port of another process causes no event, so this polls. */
async function isOpen(port: number): Promise<void> {
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/livez`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) await new Promise(resolve => setTimeout(resolve, 20));
}
