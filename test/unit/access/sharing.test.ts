import { expect, test } from '@jest/globals';
import { inForce, SharingGrants } from '../../../src/access/sharing.ts';

const grant = {
  ...{ giver: 'land', taker: 'police', kinds: ['Right'], matterCode: 'POL-HJ-002' },
  ...{ from: '2026-01-01', to: '2026-11-30' },
};

test.each([
  ['2025-12-31', false],
  ['2026-01-01', true],
  ['2026-11-30', true],
  ['2026-12-01', false],
])('a grant from the first day of January to the last of November holds on %s: %s', (day, holds) => {
  expect(inForce(grant, day)).toBe(holds);
});

const row = (to: string) => ['land', 'police', 'Right|HomesteadApproval', 'POL-HJ-002', '2020-01-01', to];

test('grants are read with their kinds, and expired grants are left out', async () => {
  const grants = new SharingGrants(
    async () => [row('2099-12-31'), row('2020-12-31')],
    () => {},
  );
  await grants.refresh();
  expect(grants.current()).toEqual([
    { ...grant, kinds: ['Right', 'HomesteadApproval'], from: '2020-01-01', to: '2099-12-31' },
  ]);
});

test('an ended grant is gone at the next refresh, and all are when the database does not answer', async () => {
  const answers: (string[][] | null)[] = [[row('2099-12-31')], [row('2099-12-31')], null];
  const failed = Promise.withResolvers<unknown>();
  const grants = new SharingGrants(async () => {
    const answer = answers.shift();
    if (!answer) throw new Error('down');
    return answer;
  }, failed.resolve);
  await grants.refresh();
  expect(grants.current()).toHaveLength(1);
  await grants.start();
  expect(grants.current()).toHaveLength(1);
  await failed.promise;
  expect(grants.current()).toEqual([]);
  await grants.stop();
});
