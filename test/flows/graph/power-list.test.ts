import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

interface Entry {
  readonly number: string;
  readonly title: string;
  readonly origin: 'OWN' | 'DEVOLVED' | 'ENTRUSTED';
  readonly agencyCode: string;
  readonly agency: { readonly code: string; readonly name: string; readonly kind: string } | null;
  readonly legalActor: { readonly code: string } | null;
  readonly handlingAgency: { readonly code: string; readonly kind: string } | null;
  readonly delegation: Delegation | null;
}
interface Delegation {
  readonly number: string;
  readonly kind: 'COMMITMENT' | 'ENTRUSTMENT';
  readonly scope: string;
  readonly state: string;
  readonly signedOn: string | null;
  readonly effectiveFrom: string | null;
  readonly expiresOn: string | null;
  readonly publishedOn: string | null;
  readonly delegator: { readonly code: string } | null;
  readonly delegate: { readonly code: string; readonly kind: string } | null;
}

let t: TestHub;
let entries: Entry[];

/** Reads the list without a token, page by page, as the public may. */
async function wholePowerList(): Promise<Entry[]> {
  const all: Entry[] = [];
  for (let after: string | null = null; ; ) {
    const { data, errors } = await t.anybody.ask(
      `query ($after: String) { powerListEntries(first: 200, after: $after, orderBy: [NUMBER_ASC]) {
         totalCount pageInfo { hasNextPage endCursor }
         nodes { number title origin agencyCode agency { code name kind } legalActor { code } handlingAgency { code kind }
           delegation { number kind scope state signedOn effectiveFrom expiresOn publishedOn delegator { code } delegate { code kind } } }
       } }`,
      { after },
    );
    expect(errors).toBeUndefined();
    const { totalCount, pageInfo, nodes } = data.powerListEntries;
    expect(totalCount).toBe(510);
    all.push(...nodes);
    if (!pageInfo.hasNextPage) return all;
    after = pageInfo.endCursor;
  }
}
const of = (origin: Entry['origin']) => entries.filter(entry => entry.origin === origin);

beforeAll(async () => {
  t = await startTestHub({ reference: true });
  entries = await wholePowerList();
});
afterAll(() => t?.stop());

test('the list has 510 entries: 33 own, 64 handed down by 18 bureaus, 413 entrusted', () => {
  expect(new Set(entries.map(entry => entry.number)).size).toBe(510);
  expect({ own: of('OWN').length, devolved: of('DEVOLVED').length, entrusted: of('ENTRUSTED').length }).toEqual({
    own: 33,
    devolved: 64,
    entrusted: 413,
  });
  expect(new Set(of('DEVOLVED').map(entry => entry.agencyCode)).size).toBe(18);
  for (const { title, agency, agencyCode } of entries) {
    expect(title.length).toBeGreaterThan(3);
    expect(agency?.code).toBe(agencyCode);
  }
});

test('the town is liable for its own entries and for those handed down, the bureau for the entrusted ones', () => {
  for (const entry of entries) {
    expect(entry.handlingAgency?.kind).toBe('TOWN');
    const actor = entry.origin === 'ENTRUSTED' ? entry.agencyCode : entry.handlingAgency?.code;
    expect({ number: entry.number, actor: entry.legalActor?.code }).toEqual({ number: entry.number, actor });
  }
});

test("the town's own entries need no delegation; every other stands under a fitting one with parties, scope, dates and state", () => {
  for (const { number, delegation } of of('OWN')) expect({ number, delegation }).toEqual({ number, delegation: null });
  for (const { number, origin, agencyCode, delegation } of [...of('DEVOLVED'), ...of('ENTRUSTED')]) {
    expect({ number, delegation }).toEqual({
      number,
      delegation: {
        number: expect.stringMatching(/./),
        kind: origin === 'DEVOLVED' ? 'COMMITMENT' : 'ENTRUSTMENT',
        scope: expect.stringMatching(/./),
        state: 'EFFECTIVE',
        signedOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        effectiveFrom: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        // An entrustment has a term by law (行政处罚法 2021 art. 20); a commitment may have none.
        expiresOn: origin === 'ENTRUSTED' ? expect.stringMatching(/^\d{4}-\d\d-\d\d$/) : delegation!.expiresOn,
        publishedOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        delegator: { code: agencyCode },
        delegate: { code: expect.any(String), kind: 'TOWN' },
      },
    });
    const { signedOn, effectiveFrom, expiresOn } = delegation!;
    expect(signedOn! <= effectiveFrom!).toBe(true);
    if (expiresOn) expect(effectiveFrom! < expiresOn).toBe(true);
  }
});

test('the same balance comes from counting by filter, and from the delegations back to their entries', async () => {
  const { data } = await t.anybody.ask(
    `{ ${['OWN', 'DEVOLVED', 'ENTRUSTED'].map(o => `${o}: powerListEntries(where: { origin: { eq: ${o} } }) { totalCount }`).join(' ')}
       delegations(first: 200) { totalCount nodes { kind entries { totalCount } } } }`,
  );
  expect([data.OWN.totalCount, data.DEVOLVED.totalCount, data.ENTRUSTED.totalCount]).toEqual([33, 64, 413]);
  expect(data.delegations.totalCount).toBe(data.delegations.nodes.length);
  const under = (kind: string) =>
    data.delegations.nodes
      .filter((d: { kind: string }) => d.kind === kind)
      .reduce((sum: number, d: { entries: { totalCount: number } }) => sum + d.entries.totalCount, 0);
  expect([under('COMMITMENT'), under('ENTRUSTMENT')]).toEqual([64, 413]);
});
