import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { AuditLog } from '../../../src/audit/audit-log.ts';
import { verifyLog } from '../../../src/audit/verify-log.ts';
import { auditPlaces } from '../../support/audit-folder.ts';
import { freePort, HubProcess } from '../../support/hub-process.ts';
import { startTestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer } from '../../support/token-issuer.ts';

test('a hub that is killed right after an answer has lost the log entry of no answer that arrived', async () => {
  const issuer = await makeTokenIssuer();
  const t = await startTestHub({ agencies: ['commerce'], population: 300, faultless: true });
  try {
    await t.synchronised();
    await t.stopHub();
    const places = auditPlaces();
    const port = await freePort();
    const environment = { ...t.environment, ...issuer.environment, ...places, HUB_PORT: String(port) };
    const hub = HubProcess.start({ ...environment, HUB_AGENCIES: 'commerce', HUB_BUDGET_FACTOR: '1000' });
    const authorization = `Bearer ${await issuer.token({ sub: 'clerk-7', role: 'clerk' })}`;
    const arrived: string[] = [];
    let killing: Promise<void> | null = null;
    const ask = async (n: number) => {
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization, 'x-purpose': 'task:test' },
        body: JSON.stringify({ query: `query Q${n} { persons(first: ${1 + (n % 5)}) { nodes { id name } } }` }),
      });
      const text = await response.text();
      expect(JSON.parse(text).errors).toBeUndefined();
      arrived.push(hash('sha256', text, 'hex'));
      if (arrived.length === 150) killing = hub.kill();
    };
    const client = async (first: number) => {
      for (let n = first; !killing; n += 8) await ask(n);
    };
    await hub.during(isOpen(port));
    const clients = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => client(i)));
    await killing;
    for (const { status, reason } of clients as PromiseRejectedResult[]) {
      if (status === 'rejected') expect(String(reason)).toMatch(/fetch failed|terminated/);
    }
    expect(arrived.length).toBeGreaterThanOrEqual(150);

    const results = counted(linesIn(places.HUB_AUDIT_DIR).map(line => JSON.parse(line).result as string));
    const missing = [...counted(arrived)].filter(([digest, times]) => (results.get(digest) ?? 0) < times);
    expect(missing).toEqual([]);

    // Entries without a root get one at the next start.
    const settings = { batchMs: 1_000, batchEntries: 1_000, segmentBytes: 1_000_000, subjectCap: 100 };
    const again = await AuditLog.open(
      { dir: places.HUB_AUDIT_DIR, roots: places.HUB_AUDIT_ROOTS, ...settings },
      () => {},
    );
    await again!.close();
    const { faults, last } = await verifyLog(places.HUB_AUDIT_DIR, places.HUB_AUDIT_ROOTS);
    expect({ faults, enough: last >= 150 }).toEqual({ faults: [], enough: true });
  } finally {
    await t.stop();
  }
});

/** The port of another process causes no event, so this polls. */
async function isOpen(port: number): Promise<void> {
  for (;;) {
    const alive = await fetch(`http://127.0.0.1:${port}/livez`).then(
      response => response.ok,
      () => false,
    );
    if (alive) return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

const counted = (values: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

function linesIn(dir: string): string[] {
  const files = readdirSync(dir).filter(name => /^entries-\d+\.jsonl$/.test(name));
  return files.sort().flatMap(name => readFileSync(path.join(dir, name), 'utf8').split('\n').slice(0, -1));
}
