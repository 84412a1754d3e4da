import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Item } from '../kit/index.ts';
import { Rejection } from '../kit/index.ts';
import adapter from './adapter.ts';
import { afterRow, afterSweep, conditionOf, readPosition, start, writePosition } from './position.ts';
import { readResponse, writeRequest } from './rbsp.ts';
import type { PoliceRow } from './services.ts';

const MALE = '371482198503120037';
const settings = { url: 'http://platform.invalid/rbsp', senderId: 'C37-1', accessKey: 'a-key-for-tests' };
const sample = (name: string) => readFileSync(new URL(`samples/${name}.xml`, import.meta.url), 'utf8');
const call = { signal: new AbortController().signal };
const names: Record<string, string> = {
  'S10-00000101': 'residents',
  'S10-00000102': 'identity-cards',
  'S10-00000103': 'residence-permits',
  'S10-00000201': 'household-changes',
  'S10-00000202': 'resident-counts',
  'S10-00000301': 'case-reports',
  'S10-00000302': 'approvals',
  'S10-00000303': 'case-closings',
};

/** A platform that answers each service's first request with its sample, and later ones with nothing. */
const replay = (answer?: (request: string) => Response) =>
  adapter.connect(settings, {
    now: () => new Date('2026-11-23T01:15:00Z'),
    fetch: async (_url, init) => {
      const request = String(init?.body);
      if (answer) return answer(request);
      const service = /<ServiceID>(.*?)<\/ServiceID>/.exec(request)![1]!;
      const first = request.includes('GXSJ&gt;=') || request.includes('GMSFHM IN');
      return new Response(sample(first ? names[service]! : 'nothing-found'));
    },
  });

const outcomeOf = (item: Item<PoliceRow>): unknown => {
  if ('unreadable' in item) return `${item.unreadable.field} ${item.unreadable.reason}`;
  try {
    return adapter.map(item.native)[0];
  } catch (error) {
    if (error instanceof Rejection) return `${error.message} (${error.sourceId})`;
    throw error;
  }
};
const outcomesOf = async (kind: string) => {
  const { items, done } = await replay().changes!(null, 1000, call);
  expect(done).toBe(true);
  return items
    .filter(item => String(item.raw).includes(Object.keys(names).find(id => names[id] === kind)!))
    .map(outcomeOf);
};
const lookUp = async (kind: string, ...keys: string[]) =>
  (await replay().lookup!(kind, keys, call)).map(items => items.map(outcomeOf));

test('of a person with a former entry the one in force is given, its period put right', async () => {
  const [entries] = await lookUp('Resident', MALE);
  expect(entries).toEqual([
    expect.objectContaining({
      kind: 'Resident',
      sourceId: 'C1001',
      asOf: '2018-06-08T20:13:18+08:00',
      data: expect.objectContaining({
        name: '王建国',
        formerName: '王旧名',
        sex: 'MALE',
        nation: 'HAN',
        birthDate: '1985-03-12',
        relationToHead: 'SPOUSE',
        status: 'REGISTERED',
        current: true,
        validFrom: '2001-01-01',
        validUntil: null,
      }),
    }),
  ]);
});

test('words for codes, lower-case x and odd dates are read', async () => {
  const [uyghur, dead, nobody] = await lookUp(
    'Resident',
    '653101199305040131',
    '37242619520508007X',
    '371482190001010018',
  );
  expect(uyghur).toEqual([
    expect.objectContaining({
      data: expect.objectContaining({
        name: expect.stringMatching(/^艾力.克里木$/),
        sex: 'MALE',
        nation: 'UYGHUR',
        birthDate: '1993-05-04',
      }),
    }),
  ]);
  expect(dead).toEqual([
    expect.objectContaining({ data: expect.objectContaining({ status: 'DECEASED', cancelled: true }) }),
  ]);
  expect(nobody).toEqual([]);
});

test('cards have swapped periods put right and 长期 as long-term', async () => {
  const [[card], [older]] = (await lookUp('IdentityCard', MALE, '372426196107090041')) as [unknown[], unknown[]];
  expect(card).toMatchObject({ data: { validFrom: '2020-03-01', validUntil: '2040-03-01', longTerm: false } });
  expect(older).toMatchObject({ data: { validFrom: '2020-03-02', validUntil: null, longTerm: true } });
});

test('residence permits are read', async () => {
  const [permits] = await lookUp('ResidencePermit', '653101199305040131');
  expect(permits).toMatchObject([{ data: { permitNo: 'JZ3714822026000001', reason: 'BUSINESS' } }]);
});

test('household changes: a late death, a removal whose row is broken, and rows beyond mending', async () => {
  const [birth, death, removal, unknown, impossible] = await outcomesOf('household-changes');
  expect(birth).toMatchObject({ sourceId: 'HJBD2026000001', deleted: false, data: { birthDate: '2026-09-01' } });
  expect(death).toMatchObject({ data: { happenedOn: '2026-03-02', registeredOn: '2026-09-10', name: '李兰芳' } });
  expect(removal).toMatchObject({ sourceId: 'HJBD2026000002', deleted: true, data: null });
  expect(String((removal as { version: string }).version) > String((death as { version: string }).version)).toBe(true);
  expect(unknown).toBe('BDLB is not a code of HouseholdChangeKind in edition police (HJBD2026000003)');
  expect(impossible).toBe('BDRQ is not a date (HJBD2026000004)');
});

test('resident counts: months in two spellings, a missing number, a short row', async () => {
  expect(await outcomesOf('resident-counts')).toEqual([
    expect.objectContaining({
      sourceId: '371482101201-2026-10',
      data: expect.objectContaining({ month: '2026-10-01', residents: 312, aged16OrOlder: 260 }),
    }),
    'CZRKS is missing (371482101202-2026-10)',
    expect.objectContaining({ data: expect.objectContaining({ month: '2026-09-01', residents: 88 }) }),
    'Row has 11 values for 12 names',
  ]);
});

test('case reports: entities are read, short region codes filled up', async () => {
  const [report] = await outcomesOf('case-reports');
  expect(report).toMatchObject({
    kind: 'CaseReport',
    sourceId: 'POL20261109000001',
    data: {
      caseNo: '371482101-POL-20261109-00001',
      title: '王建国申请居民身份证办理 & 加急 (邮寄)',
      channel: 'WINDOW',
      acceptedAt: '2026-11-09T10:05:00+08:00',
      regionCode: '371482101000',
      dataVersion: 2,
    },
  });
});

test('a step to do has no end, though the row writes its start there', async () => {
  const [done, todo, unknown] = await outcomesOf('approvals');
  expect(done).toMatchObject({ data: { state: 'DONE', outcome: 'ACCEPTED', endedAt: '2026-11-09T10:05:00+08:00' } });
  expect(todo).toMatchObject({ data: { state: 'TODO', outcome: null, endedAt: null } });
  expect(unknown).toBe('HJLX is not a kind of step (POL20261109000001-3)');
});

test('closing codes are read by the edition of their row', async () => {
  const closings = await outcomesOf('case-closings');
  const results = closings.map(outcome =>
    typeof outcome === 'string' ? outcome : (outcome as { data: { result: string } }).data.result,
  );
  expect(results).toEqual([
    'GRANTED',
    'NOT_ACCEPTED',
    'CLOSED_OTHER',
    'WITHDRAWN',
    'LAPSED_NO_CORRECTION',
    'BJJG is not a code of CaseResult in edition eajc-2020 (POL20261109000006)',
    'BZBB is not a known edition of the standard (POL20261109000007)',
  ]);
});

test.each([
  ['&#x00020BB7;', '𠮷'],
  ['&#0000134071;&#x41;&#65;', '𠮷AA'],
  // Some senders write the halves of a character.
  ['&#xD842;&#xDFB7;野', '𠮷野'],
  ['<![CDATA[张&amp;三]]>', '张&amp;三'],
  ['<![CDATA[<b>&#65;]]]]><![CDATA[>]]>', '<b>&#65;]]>'],
  ['a<![CDATA[<]]>b&lt;c', 'a<b<c'],
  ['张<!-- <![CDATA[x]]> -->三', '张三'],
  ['&amp;#65;&amp;amp;', '&#65;&amp;'],
  [' 张 三 ', ' 张 三 '],
  ['0012', '0012'],
  ['&#x110000;&nope;', '&#x110000;&nope;'],
])('a cell %s reads %s', (written, read) => {
  const text = sample('residents');
  const at = text.lastIndexOf('<Data>') + 6;
  const { rows } = readResponse(text.slice(0, at) + written + text.slice(text.indexOf('</Data>', at)));
  expect(rows.at(-1)!.at(-1)).toBe(read);
});

test.each([
  ['REFUSED', 'SrcReceiver:S10-00000202 未订阅该服务'],
  ['MALFORMED', sample('residents').slice(0, 900)],
  ['MALFORMED', '<html><body>502</body></html>'],
  ['MALFORMED', '<RBSPMessage><Method/></RBSPMessage>'],
  ['MALFORMED', `<!DOCTYPE a [<!ENTITY b "c">]>${sample('residents')}`],
  ['REFUSED', sample('residents').replace('<Data>000</Data>', '<Data>101</Data>')],
  ['UNREACHABLE', sample('residents').replace('<Data>000</Data>', '<Data>901</Data>')],
  ['MALFORMED', sample('residents').replace('<Data>000</Data>', '<Data>202</Data>')],
])('an answer that is no table is %s', (kind, text) => {
  expect(() => readResponse(text)).toThrow(expect.objectContaining({ name: 'SourceError', kind }));
});

test('an HTTP error, a table without the wanted columns and a dead line are told apart', async () => {
  const failing = (status: number) => replay(() => new Response('', { status })).changes!(null, 10, call);
  await expect(failing(503)).rejects.toMatchObject({ kind: 'UNREACHABLE' });
  await expect(failing(403)).rejects.toMatchObject({ kind: 'REFUSED' });
  await expect(failing(404)).rejects.toMatchObject({ kind: 'MALFORMED' });
  const other = replay(() => new Response(sample('residents')));
  await expect(other.changes!(null, 10, call)).rejects.toMatchObject({ kind: 'MALFORMED' });
  const dead = replay(() => {
    throw new TypeError('fetch failed');
  });
  await expect(dead.changes!(null, 10, call)).rejects.toMatchObject({ kind: 'UNREACHABLE' });
});

test('a request escapes its condition and carries its proof, never the key', () => {
  const query = { serviceId: 'S1', condition: "A>'1'", items: ['A'], orderBy: ['A'], lineCount: 5 };
  const request = writeRequest(query, settings, '20261123091500');
  expect(request).toContain("<Data>A&gt;'1'</Data>");
  expect(request).toMatch(/<CheckCode Algorithm="HMAC-SHA256">[\da-f]{64}</);
  expect(request).not.toContain(settings.accessKey);
});

test('a sweep goes on after its last row, and the next one begins an overlap before it began', () => {
  expect(conditionOf(start)).toBe("GXSJ>='00000000000000'");
  const under = afterRow(start, ['20261101020000', 'R1'], '20261123000100');
  expect(conditionOf(readPosition(writePosition(under)))).toBe(
    "GXSJ>'20261101020000' OR (GXSJ='20261101020000' AND XH>'R1')",
  );
  const later = afterRow(under, ['20261123000200', 'R2'], '20261123000500');
  const { last, ...swept } = afterSweep(later, '20261123000600');
  expect(last).toBe(false);
  expect(swept).toEqual({ marks: { ResidentCount: '20261122235900' }, kind: 'HouseholdChange', sweep: null });
  expect(readPosition(writePosition(swept))).toEqual(swept);
});

test('a source clock that goes back does not move a mark back', () => {
  const first = afterSweep(start, '20261123120000');
  const { marks } = afterSweep({ ...start, marks: first.marks }, '20261123110000');
  expect(marks.ResidentCount).toBe('20261123115800');
});
