import { expect, test } from '@jest/globals';
import { creditCode } from '../../../adapters/kit/identifiers/credit-code.ts';
import { parcelCode, realEstateUnit } from '../../../adapters/kit/identifiers/real-estate-unit.ts';
import { registrationNumber } from '../../../adapters/kit/identifiers/registration-number.ts';
import { birthDateOf, residentId, sexOf } from '../../../adapters/kit/identifiers/resident-id.ts';
import type { CaseStory, StoryMatter } from '../../../seeds/township/case-story.ts';
import { advanceStory, lastMomentOf, newStory, tellStories } from '../../../seeds/township/case-story-teller.ts';
import { makeTownship } from '../../../seeds/township/township.ts';

const seed = 20_261_123;
const town = makeTownship({ population: 3000, seed });
const matters: StoryMatter[] = [
  { code: 'A', edition: 1, name: '办理甲', for: 'PERSON', promisedDays: 5, steps: ['受理', '审查', '决定'] },
  { code: 'B', edition: 2, name: '办理乙', for: 'BUSINESS', promisedDays: 10, steps: ['受理', '决定'] },
];
const stories = tellStories(town, { purpose: 'test', prefix: 'TST', matters, count: 1500 });
const distinct = (values: readonly unknown[]) => new Set(values).size;

test('the same seed gives the same town, another seed another', () => {
  const plain = (n: number) => JSON.stringify(makeTownship({ population: 400, seed: n }));
  expect(plain(seed)).toBe(plain(seed));
  expect(plain(seed)).not.toBe(plain(seed + 1));
});

test('a town of 30,000 is generated within a moment', () => {
  const started = performance.now();
  const large = makeTownship({ population: 30_000, seed });
  expect(performance.now() - started).toBeLessThan(6000);
  expect(large.residents).toHaveLength(30_000);
  expect(large.businesses).toHaveLength(1500);
  expect(distinct(large.residents.map(r => r.residentId))).toBe(30_000);
});

test('all identifiers are valid and used once', () => {
  const { residents, businesses, plots } = town;
  expect(residents.filter(r => residentId.faults(r.residentId).length > 0)).toEqual([]);
  expect(residents.filter(r => birthDateOf(r.residentId) !== r.born || sexOf(r.residentId) !== r.sex)).toEqual([]);
  expect(businesses.filter(b => creditCode.faults(b.creditCode).length > 0)).toEqual([]);
  const old = businesses.flatMap(b => b.registrationNo ?? []);
  expect(old.length).toBeGreaterThan(0);
  expect(old.filter(no => registrationNumber.faults(no).length > 0)).toEqual([]);
  expect(plots.filter(p => parcelCode.faults(p.parcelCode).length > 0)).toEqual([]);
  expect(plots.filter(p => realEstateUnit.faults(p.unitCode).length > 0)).toEqual([]);
  expect(distinct(residents.map(r => r.residentId))).toBe(residents.length);
  expect(distinct(businesses.map(b => b.creditCode))).toBe(businesses.length);
  expect(distinct(businesses.map(b => b.name))).toBe(businesses.length);
  expect(distinct(old)).toBe(old.length);
  expect(distinct(plots.map(p => p.parcelCode))).toBe(plots.length);
});

test('references resolve', () => {
  const villages = new Set(town.villages.map(v => v.code));
  const people = new Map(town.residents.map(r => [r.residentId, r]));
  const holders = new Set([...people.keys(), ...town.businesses.map(b => b.creditCode)]);
  for (const { villageCode } of [...town.residents, ...town.businesses, ...town.plots]) {
    expect(villages).toContain(villageCode);
  }
  for (const b of town.businesses) expect(people.get(b.representativeId)?.name).toBe(b.representativeName);
  expect(town.plots.flatMap(p => p.holderIds).filter(id => !holders.has(id))).toEqual([]);
  const heads = town.residents.filter(r => r.relation === '01').map(r => r.householdNo);
  expect(distinct(heads)).toBe(heads.length);
  expect(distinct(town.residents.map(r => r.householdNo))).toBe(heads.length);
});

test('the town has collectives, migrants, compound surnames, names with a middle dot and recent dead', () => {
  expect(town.businesses.filter(b => b.type === 'VILLAGE_COLLECTIVE')).toHaveLength(town.villages.length);
  expect(town.residents.some(r => r.migrant)).toBe(true);
  expect(town.residents.some(r => r.name.startsWith('欧阳'))).toBe(true);
  expect(town.residents.some(r => r.name.includes('·'))).toBe(true);
  const dead = town.residents.flatMap(r => r.diedOn ?? []);
  expect(dead.length).toBeGreaterThan(0);
  expect(dead.filter(day => day >= town.today || day < '2024-11-01')).toEqual([]);
});

test('plots are small rectangles of their stated area inside the town', () => {
  for (const { ring, areaM2 } of town.plots) {
    expect(ring[0]).toEqual(ring.at(-1));
    let doubled = 0;
    for (let at = 1; at < ring.length; at++) {
      const [x1, y1] = ring[at - 1]!;
      const [x2, y2] = ring[at]!;
      doubled += (x1 - 116.6) * (y2 - 36.9) - (x2 - 116.6) * (y1 - 36.9);
      expect(x1 > 116.4 && x1 < 116.8 && y1 > 36.8 && y1 < 37).toBe(true);
    }
    expect(Math.abs((doubled / 2) * 89_000 * 111_000 - areaM2)).toBeLessThan(areaM2 * 0.02);
  }
});

test('stories are the same each time, with case numbers used once', () => {
  expect(tellStories(town, { purpose: 'test', prefix: 'TST', matters, count: 1500 })).toEqual(stories);
  expect(distinct(stories.map(s => s.caseNo))).toBe(stories.length);
  expect(stories.filter(s => !/^371482101-TST-\d{8}-\d{5}$/.test(s.caseNo))).toEqual([]);
});

/** The violations of what holds in every story at every time. */
function faultsOf(story: CaseStory): string[] {
  const faults: string[] = [];
  const open = story.steps.filter(step => step.endedAt === null);
  if (open.length > 1) faults.push('two steps open');
  if (story.closing && open.length > 0) faults.push('closed with an open step');
  if (story.steps.some(step => (step.outcome === null) !== (step.endedAt === null))) faults.push('outcome without end');
  if (story.steps.some((step, at) => step.sn !== at + 1)) faults.push('wrong number');
  if (story.steps.some(step => step.endedAt !== null && step.endedAt < step.startedAt)) faults.push('ends early');
  const special = story.steps.find(step => step.type === 'SPECIAL_PROCEDURE');
  if (special && (story.acceptedAt === null || special.startedAt <= story.acceptedAt)) faults.push('paused unaccepted');
  const correction = story.steps.find(step => step.type === 'CORRECTION');
  if (correction && story.acceptedAt && correction.startedAt >= story.acceptedAt) faults.push('corrected late');
  if (story.closing?.result === 'GRANTED' && !story.steps.some(step => step.final)) faults.push('no final step');
  if (story.steps.filter(step => step.final).length > 1) faults.push('two final steps');
  return faults;
}

test('stories are consistent and take every turn', () => {
  expect(stories.flatMap(faultsOf)).toEqual([]);
  expect(stories.filter(s => lastMomentOf(s) >= town.today)).toEqual([]);
  const results = new Set(stories.map(s => s.closing?.result ?? 'OPEN'));
  for (const result of ['GRANTED', 'REFUSED', 'NOT_ACCEPTED', 'WITHDRAWN', 'LAPSED_NO_CORRECTION', 'OPEN'] as const) {
    expect(results).toContain(result);
  }
  const types = new Set(stories.flatMap(s => s.steps.map(step => step.type)));
  expect(types).toEqual(new Set(['STEP', 'CORRECTION', 'SPECIAL_PROCEDURE', 'EXTENSION']));
  const closed = stories.filter(s => s.closing).length;
  expect(closed / stories.length).toBeGreaterThan(0.8);
  expect(closed).toBeLessThan(stories.length);
});

test('a new story goes on to its closing and then comes back as a re-report', () => {
  const random = town.random('a new story');
  let story = newStory(town, random, { prefix: 'TST', matters }, 77_777, '2026-11-23T09:00:00+08:00');
  for (let turns = 0; !story.closing && turns < 50; turns++) {
    const before = story;
    story = advanceStory(story, random, '2026-11-23T09:00:00+08:00');
    expect(faultsOf(story)).toEqual([]);
    expect(story.dataVersion).toBe(before.dataVersion + 1);
  }
  const again = advanceStory(story, random, '2026-11-24T09:00:00+08:00');
  expect(again.closing).toEqual(story.closing);
  expect(again.title).not.toBe(story.title);
});
