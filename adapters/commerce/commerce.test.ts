/** Checks how `map` and the envelopes read recorded pages. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Rejection, SourceError } from '../kit/index.ts';
import { timesTenThousand } from './capital.ts';
import { endFeed, parseCursor, takePage, withFeed } from './cursor.ts';
import { readAnswer, readPage } from './envelopes.ts';
import { findSectionOfClass, industrySection } from './industry.ts';
import { map } from './map.ts';
import { CommerceSource } from './source.ts';
import type { FeedService, Row } from './wire.ts';

const recorded = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`samples/${name}.json`, import.meta.url), 'utf8'));
const rowsOf = (service: FeedService) => readPage(service, recorded(`${service}-page`)) as readonly Row[];
const entity = (changed: Row = {}) => map({ service: 'entity', row: { ...rowsOf('entity')[0], ...changed } })[0]!;
const dataOf = (changed: Row) => entity(changed).data!;

test('a page whose total is 0 has all its rows', () => {
  expect(recorded('entity-page')).toMatchObject({ resultTotal: 0 });
  expect(rowsOf('entity')).toHaveLength(3);
});

test('a market entity reads so', () => {
  expect(entity()).toMatchObject({
    kind: 'MarketEntity',
    sourceId: '3714820000000025',
    version: '2006-04-05T14:44:00+08:00.00000000000000000001',
    asOf: '2006-04-05T14:44:00+08:00',
    deleted: false,
    data: {
      creditCode: '92371482851208862F',
      registrationNo: '371482600000091',
      type: 'SOLE_TRADER',
      state: 'ACTIVE',
      registeredCapital: '110000',
      establishedOn: '2002-08-31',
      termTo: '2022-08-31',
      longTerm: false,
      industrySection: 'TRADE',
      industryClass: '5232',
      industryMismatch: false,
    },
  });
});

test.each([
  [{ REGCAP: 50, REGCAPUNIT: '' }, '500000'],
  [{ REGCAP: '50.000000', REGCAPUNIT: '万元' }, '500000'],
  [{ REGCAP: '０.12345', REGCAPUNIT: '万元' }, '1234.5'],
  [{ REGCAP: '500000', REGCAPUNIT: '元' }, '500000'],
  [{ REGCAP: '500,000', REGCAPUNIT: '元' }, '500000'],
  [{ REGCAP: '500000.00元', REGCAPUNIT: '万元' }, '500000'],
  [{ REGCAP: '35万元人民币' }, '350000'],
  [{ REGCAP: '' }, null],
])('capital %j is %s yuan', (row, yuan) => {
  expect(dataOf(row).registeredCapital).toBe(yuan);
});

test('capital in another currency is kept as registered', () => {
  expect(dataOf({ REGCAP: '20', REGCAPCUR: '840' })).toMatchObject({
    registeredCapital: null,
    foreignCapital: '20 840',
  });
  expect(() => dataOf({ REGCAP: '20', REGCAPUNIT: '亩' })).toThrow('REGCAPUNIT is not a known unit of capital');
  expect([timesTenThousand('0'), timesTenThousand('-1.23456')]).toEqual(['0', '-12345.6']);
});

test.each([null, '', '长期', '9999-12-31', '99991231', '99999999999999', '9999-12-31 00:00:00', '9999年12月31日'])(
  'a term to %j does not end',
  OPTO => {
    expect(dataOf({ OPTO })).toMatchObject({ termTo: null, longTerm: true });
  },
);

test.each([
  ['2044-02-25 00:00:00.000000000', '2044-02-25'],
  ['20180608201318', '2018-06-08'],
  [1_416_672_000_000, '2014-11-23'],
  ['1416672000000', '2014-11-23'],
  ['２０１４/１１/２３', '2014-11-23'],
  ['2014年11月23日 ', '2014-11-23'],
])('an established date of %j is %s', (ESTDATE, day) => {
  expect(dataOf({ ESTDATE }).establishedOn).toBe(day);
});

test.each([
  [1, 'ACTIVE'],
  ['１ ', 'ACTIVE'],
  ['存续（在营、开业、在册）', 'ACTIVE'],
  ['在营(开业)企业', 'ACTIVE'],
  ['吊销，未注销', 'REVOKED'],
  ['3', 'DEREGISTERED'],
  ['已注销\u3000', 'DEREGISTERED'],
])('a state of %j is %s', (REGSTATE, state) => {
  expect(dataOf({ REGSTATE }).state).toBe(state);
});

test('a section that does not hold the class is kept and marked', () => {
  expect(dataOf({ INDUSTRYPHY: 'S' })).toMatchObject({
    industrySection: 'ADMINISTRATION',
    industryClass: '5232',
    industryMismatch: true,
  });
  expect(dataOf({ INDUSTRYPHY: 'f', INDUSTRYCO: 'F5232' })).toMatchObject({ industryMismatch: false });
  expect(['0112', '1392', '4720', '6513', '7011', '9620', '9700', '98', 'x'].map(findSectionOfClass)).toEqual([
    ...[
      'AGRICULTURE',
      'MANUFACTURING',
      'CONSTRUCTION',
      'INFORMATION',
      'REAL_ESTATE',
      'ADMINISTRATION',
      'INTERNATIONAL',
    ],
    ...[null, null],
  ]);
  expect(Object.keys(industrySection.values)).toHaveLength(20);
});

test('a row that cannot be read says which field, and keeps its id', () => {
  const cases: readonly (readonly [Row, string])[] = [
    [{ REGSTATE: '7' }, 'REGSTATE'],
    [{ ESTDATE: '2019-02-30' }, 'ESTDATE'],
    [{ ENTNAME: ' ' }, 'ENTNAME'],
    [{ UPDATETIME: null }, 'UPDATETIME'],
  ];
  for (const [row, field] of cases) {
    let thrown: unknown;
    try {
      entity(row);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Rejection);
    expect(thrown).toMatchObject({ field, sourceId: '3714820000000025' });
  }
});

test('a deleted row is a removal, even where the rest of it is rubbish', () => {
  expect(entity({ CD_OPERATION: 'D' })).toMatchObject({ deleted: true, data: { entityNo: '3714820000000025' } });
  expect(entity({ CD_OPERATION: 'd ', REGSTATE: '?' })).toMatchObject({ deleted: true, data: null });
});

test('a removal is one in any spelling of its code, and an unknown code is parked', () => {
  for (const code of ['D', 'd', 'D ', 'Ｄ', ' ｄ　'])
    expect([code, entity({ CD_OPERATION: code })]).toEqual([code, expect.objectContaining({ deleted: true })]);
  for (const code of ['I', 'u', 'Ｕ', '', null])
    expect([code, entity({ CD_OPERATION: code })]).toEqual([code, expect.objectContaining({ deleted: false })]);
  for (const code of ['x', 'DELETE', '3', 4]) expect(() => entity({ CD_OPERATION: code })).toThrow(/CD_OPERATION/);
});

test('a removal from the list of the abnormal is a newer version of the listing', () => {
  const statements = rowsOf('abnormal').flatMap(row => map({ service: 'abnormal', row }));
  const [listed, removed] = statements.filter(({ sourceId }) => sourceId === 'YC000002');
  expect([listed!.data!.state, removed!.data!.state]).toEqual(['LISTED', 'REMOVED']);
  expect(listed!.data).toMatchObject({ reason: 'INFORMATION_NOT_PUBLISHED', removedOn: null });
  expect(removed!.version > listed!.version).toBe(true);
});

test('a change of representative stands apart from other changes', () => {
  const [person, other] = ['03', '住所变更'].map(
    ALTITEM => map({ service: 'change', row: { ...rowsOf('change')[0], ALTITEM } })[0],
  );
  expect(person!.data).toHaveProperty('representativeAfter');
  expect(person!.data).not.toHaveProperty('after');
  expect(other!.data).toHaveProperty('after');
});

test('a case is a report, its steps and its closing, all of one version', () => {
  const row = rowsOf('case')[1]!;
  const statements = map({ service: 'case', row });
  const kinds = statements.map(({ kind, sourceId }) => `${kind} ${sourceId.replace(/^.*-/, '')}`);
  expect(kinds[0]).toMatch(/^CaseReport \d{5}$/);
  expect(kinds).toContain(`Approval ${kinds[0]!.slice(-5)}/1`);
  expect(kinds.at(-1)).toBe(kinds[0]!.replace('CaseReport', 'CaseClosing'));
  expect(new Set(statements.map(({ version }) => version)).size).toBe(1);
});

const step = {
  SN: 1,
  NODENAME: '受理',
  PROCTYPE: 1,
  NODETYPE: '1',
  STARTTIME: '20261123083000',
  ENDTIME: '20261123083000',
};
const tell = (changed: Row) => map({ service: 'case', row: { ...rowsOf('case')[0], ...changed } });

test('an end time that only repeats the start is no end', () => {
  const read = (NODESTATE: string) => tell({ DONE: null, PROCS: [{ ...step, NODESTATE }] })[1]!.data;
  expect(read('01')).toMatchObject({ state: 'TODO', endedAt: null, outcome: null });
  expect(read('02')).toMatchObject({ state: 'DONE', endedAt: '2026-11-23T08:30:00+08:00' });
});

test.each([
  ['2020', '5', '申请人逾期未补正', 'LAPSED_NO_CORRECTION'],
  ['2020', 5, '申请人撤回申请', 'WITHDRAWN'],
  ['2020', '6', '不属于本机关职权范围', 'NOT_ACCEPTED'],
  ['', '6', '', 'CLOSED_OTHER'],
])('in edition %j result %j with reason %j is %s', (STDVER, DONERESULT, DONEREASON, result) => {
  const DONE = { DONERESULT, DONEREASON, DONETIME: '2026-11-23 09:00:00', CERTNO: '' };
  expect(tell({ STDVER, PROCS: [], DONE }).at(-1)!.data).toMatchObject({ result });
});

test('success with an error in words is an error, success with nothing is nothing', () => {
  const page = (Message: string, Data: unknown = null) => readPage('abnormal', { Success: true, Message, Data });
  expect(page('未查询到数据')).toEqual([]);
  expect(page('')).toEqual([]);
  expect(page('系统繁忙', [{}])).toEqual([{}]);
  const kinds = ['系统繁忙，请稍后再试', '无访问权限'].map(message => {
    try {
      return page(message);
    } catch (error) {
      return (error as SourceError).kind;
    }
  });
  expect(kinds).toEqual(['UNREACHABLE', 'REFUSED']);
  expect(() => readPage('entity', { resultCode: '99', resultMsg: '张三不存在' })).toThrow(
    /^the service answered with a business error$/,
  );
  expect(() => readPage('change', { code: '0', result: { total: '1' } })).not.toThrow();
  expect(() => readPage('change', [])).toThrow(SourceError);
});

test('a question is answered by one entity, by several, or by empty strings', () => {
  const answers = ['query-found', 'query-registered-twice', 'query-nothing'].map(name => readAnswer(recorded(name)));
  expect(answers.map(rows => rows.length)).toEqual([1, 2, 0]);
  const [one, other] = answers[1]!.map(row => map({ service: 'entity', row })[0]!);
  expect(one!.sourceId).not.toBe(other!.sourceId);
  expect(one!.data!.creditCode).toBe(other!.data!.creditCode);
  expect(one!.data!.legalRepresentativeId).not.toBe(other!.data!.legalRepresentativeId);
});

const row = (time: string, id: number) => ({ S_EXT_TIMESTAMP: time, S_EXT_SEQUENCE: String(id).padStart(4, '0') });

test('a feed goes back by the overlap at its end, and hands nothing over twice', () => {
  const first = takePage(parseCursor(null).feeds.entity, [row('20261123083000', 2), row('20261123082900', 1)], 2);
  expect(first.fresh).toHaveLength(2);
  expect(first.feed).toMatchObject({ time: '20261123083000', id: '0002' });
  const ended = endFeed(withFeed(parseCursor(null), 'entity', first.feed), 'entity', 2);
  expect(ended).toMatchObject({ turn: 1, feeds: { entity: { time: '20261123082800', id: '' } } });
  const late = row('20261123083000', 1);
  const second = takePage(ended.feeds.entity, [row('20261123082900', 1), late, row('20261123083000', 2)], 2);
  expect(second.fresh).toEqual([late]);
});

test('the same page for ever is no endless loop', () => {
  const page = [row('20261123083000', 1)];
  let { feed } = takePage(parseCursor(null).feeds.entity, page, 2);
  for (let again = 0; again < 3; again++) ({ feed } = takePage(feed, page, 2));
  expect(() => takePage(feed, page, 2)).toThrow('the exchange gives the same page again and again');
});

test('a cursor of somebody else is refused', () => {
  expect(() => parseCursor('{"page":3}')).toThrow('the stored cursor is not one of this adapter');
});

test('a row that is no object is unreadable, and the rest of its page goes on', async () => {
  const serviceIds = { entity: 'e', change: 'c', abnormal: 'a', case: 'k', entityQuery: 'q' };
  const good = rowsOf('entity')[0]!;
  const gateway = { ask: async () => ({ resultCode: '00', resultData: ['ORA-01722', good], resultTotal: 0 }) };
  const source = new CommerceSource(gateway, { serviceIds, overlapMinutes: 2 });
  const { items, done } = await source.changes(null, 10, { signal: new AbortController().signal });
  expect(done).toBe(false);
  expect(items).toEqual([
    { raw: '"ORA-01722"', unreadable: { field: 'entity', reason: 'is not an object' } },
    { raw: JSON.stringify({ service: 'entity', row: good }), native: { service: 'entity', row: good } },
  ]);
});
