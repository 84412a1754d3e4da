import { expect, test } from '@jest/globals';
import { openAudit } from '../../../src/audit/open-audit.ts';
import { AuditFolder } from '../../support/audit-folder.ts';

test('a hub that starts under other rules than the last one notes both versions, and only then', async () => {
  const folder = new AuditFolder();
  const { dir, roots } = folder;
  const settings = {
    dir,
    roots,
    batchMs: 60_000,
    batchEntries: 5,
    segmentBytes: 4_000,
    subjectCap: 100,
    keepMonths: 12,
  };
  try {
    for (const policy of ['first', 'first', 'second', 'second', 'first']) {
      const audit = await openAudit(settings, policy, error => folder.failures.push(error));
      await audit!.stop();
    }
    const noted = folder.entries().filter(({ act }) => act === 'rules');
    expect(noted.map(({ about }) => about)).toEqual([
      { now: 'first' },
      { before: 'first', now: 'second' },
      { before: 'second', now: 'first' },
    ]);
    expect(folder.failures).toEqual([]);
  } finally {
    folder.remove();
  }
});
