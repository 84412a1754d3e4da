import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AgencySource, Io, Item } from '../../../adapters/kit/contract.ts';
import type { Statement } from '../../../adapters/kit/statement.ts';
import adapter from '../../../adapters/police/adapter.ts';
import type { PoliceRow } from '../../../adapters/police/services.ts';
import startPolice from '../../../seeds/systems/police/system.ts';
import type { PretendSystem } from '../../../seeds/systems/pretend-system.ts';
import type { Random } from '../../../seeds/township/model.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { ReferenceHub } from '../../support/reference-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const town = makeTownship({ population: 600, seed });
const io: Io = { fetch, now: () => new Date() };
const call = () => ({ signal: new AbortController().signal });
/** Rates above the usual, and fixed counts where a town of 600 has few chances. */
const faults = {
  duplicate: 0.1,
  reReport: 0.15,
  lateRow: 0.15,
  padding: 0.2,
  withdrawnChange: 4,
  registeredAgain: 2,
  deletedCase: 2,
  olderEdition: 6,
  wrongCheckDigit: 0.1,
  unknownCode: 0.05,
  impossibleDate: 0.03,
  missingCount: 6,
  shortRow: 0.03,
  formerEntry: 0.3,
  swappedPeriod: 0.3,
};

let police: PretendSystem;
const stopping: PretendSystem[] = [];
const startSystem = async (options: { faultless?: boolean } = {}) => {
  const system = await startPolice({ town, seed, faults: options.faultless ? {} : faults, ...options });
  stopping.push(system);
  return system;
};
const connect = ({ environment }: PretendSystem, change: Record<string, string> = {}) =>
  adapter.connect(
    adapter.settings.parse({
      url: environment.HUB_POLICE_URL,
      senderId: environment.HUB_POLICE_SENDER_ID,
      accessKey: environment.HUB_POLICE_ACCESS_KEY,
      ...change,
    }),
    io,
  );
const statesOf = (hub: ReferenceHub) => [...hub.records].sort(([a], [b]) => (a < b ? -1 : 1));
const expectLedger = (hub: ReferenceHub, system: PretendSystem) => {
  const ledger = system.ledger();
  expect({ seed, records: hub.count(false), deleted: hub.count(true), parked: hub.parked.size }).toEqual({
    seed,
    records: ledger.records,
    deleted: ledger.deleted,
    parked: ledger.parked,
  });
};
const sizes = (random: Random) => Array.from({ length: 50 }, () => 1 + random.below(random.chance(0.3) ? 3 : 300));

async function drained(source: AgencySource<PoliceRow>, after: string | null = null) {
  const items: Item<PoliceRow>[] = [];
  for (let cursor = after; ; ) {
    const page = await source.changes!(cursor, 400, call());
    items.push(...page.items);
    cursor = page.next;
    if (page.done) return { items, cursor };
  }
}
function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list];
  return Array.from(list, () => left.splice(random.below(left.length), 1)[0]!);
}

// Failures print the seed; `SEED=123` repeats them.
describe(`the police, seed ${seed}`, () => {
  beforeAll(async () => {
    police = await startSystem();
  });
  afterAll(async () => {
    for (const system of stopping) await system.stop();
  });

  test('draining in pages of any size gives exactly what the police have sent', async () => {
    const random = makeRandom(seed, 'page sizes');
    for (let run = 0; run < 3; run++) {
      const hub = new ReferenceHub(adapter);
      await hub.drain(connect(police), null, sizes(random));
      expectLedger(hub, police);
    }
    expect(police.ledger().parked).toBeGreaterThan(5);
    expect(Object.keys(police.ledger().deleted)).toEqual(expect.arrayContaining(['HouseholdChange', 'CaseReport']));
  });

  test('a system without faults parks nothing', async () => {
    const system = await startSystem({ faultless: true });
    const hub = new ReferenceHub(adapter);
    await hub.drain(connect(system));
    expectLedger(hub, system);
    expect({ seed, parked: [...hub.parked.values()] }).toEqual({ seed, parked: [] });
  });

  test('repeated and shuffled items end in the same state', async () => {
    const { items } = await drained(connect(police));
    const once = new ReferenceHub(adapter);
    once.take(items);
    const random = makeRandom(seed, 'shuffle');
    for (let run = 0; run < 3; run++) {
      const mixed = new ReferenceHub(adapter);
      mixed.take(shuffled([...items, ...items.slice(0, items.length / 2)], random));
      expect(statesOf(mixed)).toEqual(statesOf(once));
      expect([...mixed.parked.keys()].sort()).toEqual([...once.parked.keys()].sort());
    }
  });

  test('a reader that is killed after each page resumes where it was', async () => {
    const random = makeRandom(seed, 'kills');
    const hub = new ReferenceHub(adapter);
    for (let cursor: string | null = null; ; ) {
      const page: Awaited<ReturnType<NonNullable<AgencySource<PoliceRow>['changes']>>> = await connect(police).changes!(
        cursor,
        1 + random.below(90),
        call(),
      );
      hub.take(page.items);
      if (random.chance(0.2)) continue;
      cursor = page.next;
      if (page.done) break;
    }
    expectLedger(hub, police);
  });

  test('pages keep to their limit, and cursors hold no personal data', async () => {
    const people = new Set(town.residents.flatMap(r => [r.residentId, r.name]));
    const source = connect(police);
    for (let cursor: string | null = null, pages = 0; pages < 60; pages++) {
      const page: Awaited<ReturnType<NonNullable<AgencySource<PoliceRow>['changes']>>> = await source.changes!(
        cursor,
        17,
        call(),
      );
      expect(page.items.length).toBeLessThanOrEqual(17);
      expect([...people].filter(word => page.next.includes(word))).toEqual([]);
      cursor = page.next;
      if (page.done) break;
    }
  });

  test('what happens between polls is seen, also when rows share a time stamp or are committed late', async () => {
    const system = await startSystem();
    const source = connect(system);
    const hub = new ReferenceHub(adapter);
    let cursor: string | null = null;
    const random = makeRandom(seed, 'life');
    for (let poll = 0; poll < 12; poll++) {
      for (let steps = random.below(12); steps > 0; steps--) await system.step();
      cursor = await hub.drain(source, cursor, [1 + random.below(40)]);
      expectLedger(hub, system);
    }
  });

  test('rows committed while a sweep is under way are not skipped', async () => {
    const system = await startSystem();
    const source = connect(system);
    const hub = new ReferenceHub(adapter);
    for (let cursor: string | null = null, page = 0; ; page++) {
      const read: Awaited<ReturnType<NonNullable<AgencySource<PoliceRow>['changes']>>> = await source.changes!(
        cursor,
        40,
        call(),
      );
      hub.take(read.items);
      cursor = read.next;
      if (page < 60) await system.step();
      else if (read.done) {
        await hub.drain(source, cursor);
        break;
      }
    }
    expectLedger(hub, system);
  });

  test('an update that the police make is seen by the next poll', async () => {
    const system = await startSystem();
    const source = connect(system);
    const hub = new ReferenceHub(adapter);
    let cursor = await hub.drain(source);
    for (let turn = 0; turn < 25; turn++) {
      const { kind, sourceId, caseNo } = await system.touch();
      const before = hub.records.get(`${kind} ${sourceId}`)?.version ?? '';
      cursor = await hub.drain(source, cursor);
      const record = hub.records.get(`${kind} ${sourceId}`);
      expect({ seed, turn, newer: (record?.version ?? '') > before }).toEqual({ seed, turn, newer: true });
      expect(record?.data?.caseNo).toBe(caseNo);
    }
    expectLedger(hub, system);
  });

  test('an idle poll brings nothing', async () => {
    const system = await startSystem();
    const source = connect(system);
    const { cursor } = await drained(source);
    expect((await drained(source, cursor)).items).toEqual([]);
  });

  test('an outage is a source error, and afterwards reading goes on', async () => {
    const system = await startSystem();
    const source = connect(system);
    const first = await source.changes!(null, 50, call());
    system.setOutage('refuse');
    await expect(source.changes!(first.next, 50, call())).rejects.toMatchObject({ kind: 'UNREACHABLE' });
    system.setOutage('hang');
    const signal = AbortSignal.timeout(150);
    await expect(source.changes!(first.next, 50, { signal })).rejects.toMatchObject({ kind: 'TIMEOUT' });
    system.setOutage('none');
    const hub = new ReferenceHub(adapter);
    hub.take(first.items);
    await hub.drain(source, first.next);
    expectLedger(hub, system);
  });

  test('a sender who is not subscribed or cannot prove who they are is refused', async () => {
    const stranger = connect(police, { senderId: 'C37-00000000' });
    await expect(stranger.changes!(null, 10, call())).rejects.toMatchObject({ kind: 'REFUSED' });
    const forger = connect(police, { accessKey: 'not-the-right-key' });
    await expect(forger.changes!(null, 10, call())).rejects.toMatchObject({ kind: 'REFUSED' });
  });

  test('an invalid cursor is reported', async () => {
    await expect(connect(police).changes!('{"page":3}', 10, call())).rejects.toMatchObject({ kind: 'MALFORMED' });
  });

  const mapAll = (items: readonly Item<PoliceRow>[]): Statement[] =>
    items.flatMap(item => ('native' in item ? adapter.map(item.native) : []));

  test('people are asked for in batches, in the order of the keys, and unknown people get no answer', async () => {
    const locals = town.residents.filter(r => !r.migrant);
    const keys = [...locals.map(r => r.residentId), '371482190001010018', 'rubbish', locals[0]!.residentId];
    let requests = 0;
    const counting: Io = {
      ...io,
      fetch: (...given) => {
        requests++;
        return fetch(...given);
      },
    };
    const source = adapter.connect(
      {
        url: police.environment.HUB_POLICE_URL!,
        senderId: police.environment.HUB_POLICE_SENDER_ID!,
        accessKey: police.environment.HUB_POLICE_ACCESS_KEY!,
      },
      counting,
    );
    const answers = await source.lookup!('Resident', keys, call());
    expect(requests).toBe(Math.ceil((locals.length + 1) / 100));
    expect(answers).toHaveLength(keys.length);
    expect(answers.slice(-3, -1)).toEqual([[], []]);
    expect(answers.at(-1)).toEqual(answers[0]);
    const hub = new ReferenceHub(adapter);
    hub.take(answers.flat());
    expect({ seed, parked: [...hub.parked.values()] }).toEqual({ seed, parked: [] });
    locals.forEach((resident, at) => {
      const statements = mapAll(answers[at]!);
      // There is one entry, although the service returns former ones too; its name spells the middle dot in one way.
      expect(statements.map(({ data }) => [data?.name, data?.sex, data?.birthDate, data?.current])).toEqual([
        [resident.name, resident.sex, resident.born, true],
      ]);
    });
  });

  test('the periods of cards and permits are corrected', async () => {
    const source = connect(police);
    const migrants = town.residents.filter(r => r.migrant).map(r => r.residentId);
    const everybody = town.residents.map(r => r.residentId);
    const cards = mapAll((await source.lookup!('IdentityCard', everybody, call())).flat());
    const permits = mapAll((await source.lookup!('ResidencePermit', everybody, call())).flat());
    expect(cards.length).toBeGreaterThan(100);
    expect(permits.length).toBeGreaterThanOrEqual(migrants.length);
    for (const { data } of [...cards, ...permits]) {
      expect(data?.validFrom).not.toBeNull();
      expect(data?.longTerm === true ? data.validUntil : 'a date').toBe(data?.longTerm === true ? null : 'a date');
      if (data?.validUntil) expect(String(data.validFrom) < String(data.validUntil)).toBe(true);
    }
    expect(cards.some(({ data }) => data?.longTerm)).toBe(true);
  });

  test('a stored kind cannot be looked up', async () => {
    await expect(connect(police).lookup!('HouseholdChange', [], call())).rejects.toMatchObject({ kind: 'REFUSED' });
  });

  test('faults that can be repaired end in the right state', async () => {
    const hub = new ReferenceHub(adapter);
    await hub.drain(connect(police));
    const people = new Map(town.residents.map(r => [r.residentId, r]));
    const committed = police.ledger().faults;
    for (const fault of [
      'padding',
      'dateSpelling',
      'duplicate',
      'reReport',
      'lateRow',
      'olderEdition',
      'withdrawnChange',
    ]) {
      expect({ seed, fault, times: committed[fault] ?? 0 }).not.toEqual({ seed, fault, times: 0 });
    }
    const standing = [...hub.records.values()].filter(record => !record.deleted);
    const dataOf = (kind: string) => standing.filter(record => record.kind === kind).map(record => record.data!);
    // Deaths, late or not, happened on the day of death, and carry the day of entry beside it.
    for (const death of dataOf('HouseholdChange').filter(data => data.kind === 'DEATH')) {
      const dead = [...people.values()].find(r => r.diedOn === death.happenedOn && r.name === death.name);
      expect({ seed, found: dead !== undefined, late: String(death.registeredOn) > String(death.happenedOn) }).toEqual({
        seed,
        found: true,
        late: true,
      });
    }
    // A step that has not ended carries a start time in its end field, which is not taken for its end.
    for (const step of dataOf('Approval')) expect(step.endedAt === null).toBe(step.state === 'TODO');
    // Duplicates, re-reports and late rows leave the newest edition.
    for (const report of dataOf('CaseReport')) expect(Number(report.dataVersion)).toBeGreaterThan(0);
    const results = new Set(dataOf('CaseClosing').map(data => String(data.sourceResult).split(':')[0]));
    expect([...results].sort()).toEqual(['eajc-2020', 'eajc-old']);
    for (const count of dataOf('ResidentCount')) {
      expect(count.residents).toBe(Number(count.males) + Number(count.females));
    }
  });
});
