import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import adapter from '../../../adapters/human-resources/adapter.ts';
import { type AgencySource, type Page, SourceError, type WholeSet } from '../../../adapters/kit/index.ts';
import { Outbox, type WireFile } from '../../../seeds/systems/human-resources/outbox.ts';
import { SftpServer } from '../../../seeds/systems/human-resources/sftp-server.ts';
import { HumanResourcesSystem } from '../../../seeds/systems/human-resources/system.ts';
import type { FaultRates } from '../../../seeds/systems/pretend-system.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { ReferenceHub } from '../../support/reference-hub.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const town = makeTownship({ population: 600, seed });
const random = town.random('human-resources test');
const io = { fetch, now: () => new Date() };
const unhurried = () => ({ signal: AbortSignal.timeout(20_000) });

const open: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) {
    await one.close?.();
    await one.stop?.();
  }
});

const start = async (faults: FaultRates = {}) => {
  const system = await HumanResourcesSystem.start({ town, seed, faults });
  open.push(system);
  return system;
};
const settingsOf = (environment: Readonly<Record<string, string>>) =>
  adapter.settings.parse({
    host: environment.HUB_HUMAN_RESOURCES_HOST,
    port: environment.HUB_HUMAN_RESOURCES_PORT,
    user: environment.HUB_HUMAN_RESOURCES_USER,
    privateKey: environment.HUB_HUMAN_RESOURCES_PRIVATE_KEY,
    hostKey: environment.HUB_HUMAN_RESOURCES_HOST_KEY,
    folder: environment.HUB_HUMAN_RESOURCES_FOLDER,
  });
const connect = (settings: Parameters<typeof adapter.connect>[0]): AgencySource<unknown> => {
  const source = adapter.connect(settings, io);
  open.push(source);
  return source;
};
const connectTo = (system: HumanResourcesSystem) => connect(settingsOf(system.environment));

const pageSizes = () => Array.from({ length: 20 }, () => 1 + random.below(120));
const counted = (hub: ReferenceHub) => ({
  records: hub.count(false),
  deleted: hub.count(true),
  parked: hub.parked.size,
});
const expected = (system: HumanResourcesSystem) => {
  const { records, deleted, parked } = system.ledger();
  return { records, deleted, parked };
};
/** The states in a fixed order, so that two hubs can be compared. */
const statesOf = (hub: ReferenceHub) => ({ seed, states: [...hub.records].sort(([a], [b]) => (a < b ? -1 : 1)) });
const pagesOf = async (source: AgencySource<unknown>, limit = 100) => {
  const pages: Page<unknown>[] = [];
  for (let after: string | null = null; ; ) {
    const page = await source.changes!(after, limit, unhurried());
    pages.push(page);
    after = page.next;
    if (page.done) return pages;
  }
};
const errorOf = async (work: Promise<unknown>): Promise<SourceError> => {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (error instanceof SourceError) return error;
  throw new Error(`seed ${seed}: expected a SourceError`, { cause: error });
};

describe('draining the outpost', () => {
  test('gives exactly what the ledger says, in pages of any sizes', async () => {
    const system = await start();
    const hub = new ReferenceHub(adapter);
    await hub.drain(connectTo(system), null, pageSizes());
    expect({ seed, ...counted(hub) }).toEqual({ seed, ...expected(system) });
  });

  test('gives the same records a second time and in any order', async () => {
    const system = await start();
    const source = connectTo(system);
    const [once, twice, shuffled] = [1, 2, 3].map(() => new ReferenceHub(adapter));
    await once!.drain(source);
    await twice!.drain(source);
    await twice!.drain(source, null, pageSizes());
    const items = (await pagesOf(source)).flatMap(page => page.items);
    for (let last = items.length - 1; last > 0; last--) {
      const other = random.below(last + 1);
      [items[last], items[other]] = [items[other]!, items[last]!];
    }
    shuffled!.take(items);
    expect(statesOf(twice!)).toEqual(statesOf(once!));
    expect(statesOf(shuffled!)).toEqual(statesOf(once!));
  });

  test('resumes where it was killed, from the cursor alone', async () => {
    const system = await start();
    const [whole, killed] = [new ReferenceHub(adapter), new ReferenceHub(adapter)];
    await whole.drain(connectTo(system));
    for (let after: string | null = null; ; ) {
      const source = adapter.connect(settingsOf(system.environment), io);
      const page: Page<unknown> = await source.changes!(after, 60 + random.below(60), unhurried());
      await source.close!();
      killed.take(page.items);
      after = page.next;
      if (page.done) break;
    }
    expect(statesOf(killed)).toEqual(statesOf(whole));
    expect(killed.parked).toEqual(whole.parked);
  });

  test('puts no personal data into cursors', async () => {
    const pages = await pagesOf(connectTo(await start()), 40);
    // A digest may contain any digits.
    const told = pages.map(({ next }) => next.replaceAll(/"sha256":"[0-9a-f]{64}"/g, ''));
    for (const cursor of told) expect(cursor).not.toMatch(/\d{17}|3714\d{8}|[\u4e00-\u9fff]/);
  });

  test('without faults parks nothing', async () => {
    const system = await HumanResourcesSystem.start({ town, seed, faultless: true });
    open.push(system);
    const hub = new ReferenceHub(adapter);
    await hub.drain(connectTo(system));
    expect({ seed, ...counted(hub), parked: hub.parked.size }).toEqual({ seed, ...expected(system), parked: 0 });
    expect(system.ledger().faults).toEqual({});
  });
});

describe('a living outpost', () => {
  test('a touched record is seen by the next poll', async () => {
    const system = await start();
    const source = connectTo(system);
    const hub = new ReferenceHub(adapter);
    const after = await hub.drain(source);
    const { kind, sourceId, caseNo } = await system.touch();
    const before = hub.records.get(`${kind} ${sourceId}`);
    const { items, done } = await source.changes!(after, 100, unhurried());
    hub.take(items);
    const now = hub.records.get(`${kind} ${sourceId}`);
    expect({ seed, kind, caseNo, items: items.length, done }).toEqual({
      seed,
      kind: 'InsuredPerson',
      caseNo: null,
      items: 1,
      done: true,
    });
    expect(now!.version > before!.version).toBe(true);
    expect(now!.data!.status).not.toEqual(before!.data!.status);
  });

  test('the ledger stays right over many steps, with files that come late or wait for their control file', async () => {
    const system = await start();
    const source = connectTo(system);
    const hub = new ReferenceHub(adapter);
    let after = await hub.drain(source);
    for (let step = 0; step < 40; step++) {
      if (step % 7 === 0) await system.touch();
      await system.step();
      after = await hub.drain(source, after, pageSizes());
      expect({ seed, step, ...counted(hub) }).toEqual({ seed, step, ...expected(system) });
    }
    const fresh = new ReferenceHub(adapter);
    await fresh.drain(connectTo(system));
    expect(statesOf(fresh)).toEqual(statesOf(hub));
  });

  test('a file without its control file is left alone until it comes', async () => {
    const system = await start({ lateDelta: 0 });
    const source = connectTo(system);
    const hub = new ReferenceHub(adapter);
    const after = await hub.drain(source);
    const before = hub.count(false).EmploymentRegistration ?? 0;
    await system.step();
    await hub.drain(source, after);
    expect({ seed, count: hub.count(false).EmploymentRegistration }).toEqual({ seed, count: before + 3 });
  });

  test('changes that arrive after the set that contains them change nothing', async () => {
    const system = await start({ awaitingControl: 0 });
    const source = connectTo(system);
    const hub = new ReferenceHub(adapter);
    const after = await hub.drain(source);
    const before = statesOf(hub);
    await system.step();
    await hub.drain(source, after);
    expect(statesOf(hub)).toEqual(before);
  });
});

describe('an outage', () => {
  test('that refuses is UNREACHABLE, and afterwards reading goes on', async () => {
    const system = await start();
    const source = connectTo(system);
    const first = await source.changes!(null, 50, unhurried());
    system.setOutage('refuse');
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await errorOf(source.changes!(first.next, 50, unhurried()))).kind).toBe('UNREACHABLE');
    }
    system.setOutage('none');
    const hub = new ReferenceHub(adapter);
    hub.take(first.items);
    await hub.drain(source, first.next);
    expect({ seed, records: hub.count(false) }).toEqual({ seed, records: expected(system).records });
  });

  test.each(['a new', 'an open'])(
    "that hangs on %s connection is a TIMEOUT when the hub's deadline has passed",
    async which => {
      const system = await start();
      const source = connectTo(system);
      if (which === 'an open') await source.changes!(null, 1, unhurried());
      system.setOutage('hang');
      expect((await errorOf(source.changes!(null, 50, { signal: AbortSignal.timeout(150) }))).kind).toBe('TIMEOUT');
      system.setOutage('none');
      expect((await source.changes!(null, 50, unhurried())).items.length).toBeGreaterThan(0);
    },
  );

  test('a call that was stopped beforehand is a TIMEOUT', async () => {
    const source = connectTo(await start());
    expect((await errorOf(source.changes!(null, 50, { signal: AbortSignal.abort() }))).kind).toBe('TIMEOUT');
  });

  test('another host key, a wrong login and a missing folder are REFUSED', async () => {
    const settings = settingsOf((await start()).environment);
    const stranger = settingsOf((await start()).environment);
    const wrong = [
      { ...settings, hostKey: stranger.hostKey },
      { ...settings, privateKey: stranger.privateKey },
      { ...settings, privateKey: undefined, password: 'not this one' },
      { ...settings, privateKey: 'no key at all' },
      { ...settings, user: 'somebody' },
      { ...settings, folder: '/elsewhere' },
    ];
    for (const [index, one] of wrong.entries()) {
      const { kind } = await errorOf(connect(one).changes!(null, 50, unhurried()));
      expect({ index, kind }).toEqual({ index, kind: 'REFUSED' });
    }
  });
});

describe('known faults', () => {
  test('a torn file is put aside by name, the others go on, and the right one is read when it comes', async () => {
    const system = await start();
    const torn = system.publishTornDelta();
    const touched = await system.touch();
    const source = connectTo(system);
    const hub = new ReferenceHub(adapter);
    const pages: Page<unknown>[] = [];
    const error = await errorOf(
      (async () => {
        for (let after: string | null = null; ; after = pages.at(-1)!.next) {
          const page: Page<unknown> = await source.changes!(after, 100, unhurried());
          hub.take(page.items);
          pages.push(page);
        }
      })(),
    );
    expect(error.kind).toBe('MALFORMED');
    expect(error.message).toContain(torn.name);
    expect(pages.every(page => !page.done)).toBe(true);
    expect({ seed, ...counted(hub) }).toEqual({ seed, ...expected(system) });
    expect(hub.records.get(`InsuredPerson ${touched.sourceId}`)!.version).toMatch(/^20261123/);
    const qualified = () => [...hub.records.values()].filter(one => one.data?.qualifiedOn === '2026-11-23').length;
    expect(qualified()).toBe(0);
    torn.repair();
    await hub.drain(source, pages.at(-1)!.next);
    expect(qualified()).toBeGreaterThan(0);
  });

  test('a full set that shrank is reported as such a set, with few rows', async () => {
    const system = await start();
    const source = connectTo(system);
    const hub = new ReferenceHub(adapter);
    const after = await hub.drain(source);
    system.publishShrunkenSet();
    const { items, set, done } = await source.changes!(after, 1000, unhurried());
    expect({ seed, kinds: set?.kinds, complete: set?.complete, done }).toEqual({
      seed,
      kinds: ['InsuredPerson'],
      complete: true,
      done: true,
    });
    expect(items.length).toBeLessThan(hub.count(false).InsuredPerson! / 20);
  });

  test('old ids, rare characters, odd dates and padding end in right records', async () => {
    const odd = { legacyId: 0.3, lowerCaseX: 1, fullWidthId: 0.2, oddDate: 0.4, paddedColumns: 0.4, sexAsText: 0.4 };
    const rare = { rareCharacter: 0.05, pipeByteCharacter: 0.05, duplicatedLine: 0.1, oldInsuranceCode: 0.5 };
    const system = await start({ ...odd, ...rare, birthDateDisagrees: 0, sexDisagrees: 0 });
    const hub = new ReferenceHub(adapter);
    await hub.drain(connectTo(system));
    expect({ seed, ...counted(hub) }).toEqual({ seed, ...expected(system) });
    const people = new Map(
      town.residents.map((resident, index) => [`3714${String(index + 1).padStart(8, '0')}`, resident]),
    );
    const insured = [...hub.records.values()].filter(one => one.kind === 'InsuredPerson' && !one.deleted);
    for (const { data } of insured) {
      const resident = people.get(String(data!.personNo))!;
      expect({ seed, born: data!.birthDate, sex: data!.sex }).toEqual({ seed, born: resident.born, sex: resident.sex });
    }
    const names = insured.map(({ data }) => String(data!.name));
    expect(names.some(name => /[𬭎㛃𫍯𠅤]/u.test(name)) && names.some(name => /[瑋鋦脇詜]/.test(name))).toBe(true);
  });

  test('birth dates and sexes that disagree with the id are kept for the conflict to show', async () => {
    const system = await start({ birthDateDisagrees: 1, sexDisagrees: 1, oddDate: 0 });
    const hub = new ReferenceHub(adapter);
    await hub.drain(connectTo(system));
    expect({ seed, ...counted(hub) }).toEqual({ seed, ...expected(system) });
    const residents = new Map(town.residents.map(resident => [resident.residentId, resident]));
    const ofTheSet = [...hub.records.values()].filter(
      ({ kind, version, data }) =>
        kind === 'InsuredPerson' && version < '20261101' && residents.has(String(data?.residentId)),
    );
    expect(ofTheSet.length).toBeGreaterThan(500);
    for (const { data } of ofTheSet) {
      const { born, sex } = residents.get(String(data!.residentId))!;
      expect({ seed, same: data!.birthDate === born || data!.sex === sex }).toEqual({ seed, same: false });
    }
  });

  test('the dead who still draw are as many as the ledger says', async () => {
    const system = await start({
      deadDrawing: 1,
      wrongCheckDigit: 0,
      impossibleDate: 0,
      unknownCode: 0,
      missingName: 0,
      wrongColumns: 0,
      undecodable: 0,
      legacyId: 0,
      lowerCaseX: 0,
      fullWidthId: 0,
      paddedColumns: 0,
    });
    const hub = new ReferenceHub(adapter);
    await hub.drain(connectTo(system));
    const dead = new Set(town.residents.filter(one => one.diedOn !== null).map(one => one.residentId));
    const drawing = [...hub.records.values()].filter(
      ({ kind, data }) => kind === 'Benefit' && data?.status === 'DRAWING' && dead.has(String(data.residentId)),
    );
    expect({ seed, drawing: drawing.length }).toEqual({ seed, drawing: system.ledger().faults.deadDrawing ?? 0 });
  });
});

describe('a folder that is filled by hand', () => {
  const row = (personNo: number, status = '1') =>
    `${371400000000 + personNo}|371482190001010018|张秀英|1|19000101||||371482101003|170|${status}|20150301|20200115093000`;
  const file = (given: Partial<WireFile>): WireFile => ({
    table: 'AC02',
    mode: 'ALL',
    period: '202610',
    serial: 1,
    lines: [],
    ...given,
  });
  const layOut = async () => {
    const server = await SftpServer.start({ user: 'hub', folder: '/out' });
    open.push(server);
    const { port, hostKeyFingerprint: hostKey, password } = server;
    const source = connect({ host: '127.0.0.1', port, user: 'hub', password, hostKey, folder: '/out' });
    return { server, outbox: new Outbox(server), source };
  };

  test('is opened by a password, and an empty folder has nothing to read', async () => {
    const { source } = await layOut();
    expect(await source.changes!(null, 10, unhurried())).toMatchObject({ items: [], done: true });
  });

  test('the set of the next month removes whom it does not hold, but nobody whom a later change named', async () => {
    const { outbox, source } = await layOut();
    const hub = new ReferenceHub(adapter);
    outbox.publish(file({ period: '202609', lines: [row(1), row(2), row(3)] }));
    let after = await hub.drain(source);
    outbox.publish(file({ mode: 'INC', period: '20261102', serial: 3, lines: [`2|${row(3, '2')}`] }));
    after = await hub.drain(source, after);
    outbox.publish(file({ serial: 2, lines: [row(1)] }));
    await hub.drain(source, after, [1]);
    const states = [...hub.records.values()].map(({ sourceId, deleted, data }) => [sourceId, deleted, data?.status]);
    expect(states).toEqual([
      ['371400000001-170', false, 'NORMAL'],
      ['371400000002-170', true, 'NORMAL'],
      ['371400000003-170', false, 'PAUSED'],
    ]);
  });

  test('of several sets only the newest is read, page by page under one name', async () => {
    const { outbox, source } = await layOut();
    for (const period of ['202608', '202609', '202610']) {
      outbox.publish(file({ period, serial: Number(period) - 202600, lines: [row(1), row(2), row(3)] }));
    }
    const sets = (await pagesOf(source, 2)).map(page => page.set as WholeSet);
    expect(sets.map(set => [set.name.slice(0, 22), set.version, set.complete])).toEqual([
      ['AC02_ALL_202610_000010', '20261031.000000000010', false],
      ['AC02_ALL_202610_000010', '20261031.000000000010', true],
    ]);
    expect(new Set(sets.map(set => set.name)).size).toBe(1);
  });

  test('a file that is replaced while it is read is read from its beginning', async () => {
    const { outbox, source } = await layOut();
    outbox.publish(file({ lines: [row(1), row(2), row(3)] }));
    const { next } = await source.changes!(null, 2, unhurried());
    await source.close!();
    outbox.publish(file({ lines: [row(1, '2'), row(2, '2'), row(3, '2')] }));
    const hub = new ReferenceHub(adapter);
    await hub.drain(source, next, [2]);
    expect([...hub.records.values()].map(({ data }) => data?.status)).toEqual(['PAUSED', 'PAUSED', 'PAUSED']);
  });

  test('a file is fetched twice and no more, however small the pages are', async () => {
    const { server, outbox, source } = await layOut();
    const lines = Array.from({ length: 3000 }, (_, index) => row(index));
    outbox.publish(file({ lines }));
    const pages = await pagesOf(source, 100);
    expect(pages.length).toBe(30);
    expect(pages.flatMap(page => page.items).length).toBe(3000);
    const bytes = Buffer.byteLength(lines.join('\r\n'), 'latin1');
    expect(server.sentBytes).toBeLessThan(bytes * 2.1);
  });

  test('an empty set counts as complete', async () => {
    const { outbox, source } = await layOut();
    outbox.publish(file({ table: 'AC43' }));
    const page = await source.changes!(null, 10, unhurried());
    expect(page).toMatchObject({ items: [], done: true, set: { kinds: ['Payment'], complete: true } });
  });

  test('a last line without its line feed is read', async () => {
    const { server, source } = await layOut();
    const bytes = Buffer.from(`${row(1)}\n${row(2)}`.replaceAll('张秀英', 'A'), 'latin1');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const control = [
      'FILE=AC02_ALL_202610_000001.txt',
      'KIND=AC02',
      'MODE=ALL',
      'PERIOD=202610',
      'ROWS=2',
      'ASOF=20261031',
    ];
    server.put('AC02_ALL_202610_000001.txt', bytes);
    server.put('AC02_ALL_202610_000001.ctl', Buffer.from([...control, `SHA256=${sha256}`].join('\n')));
    expect((await pagesOf(source, 1)).map(page => page.items.length)).toEqual([1, 1]);
  });
});
