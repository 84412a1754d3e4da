import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type Delivery, type Item, Rejection, SourceError, type Statement } from '../kit/index.ts';
import adapter from './adapter.ts';
import { type EaEvent, parseLine } from './event.ts';
import { MAX_LINES } from './source.ts';

const sample = (name: string) => readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8');
const lines = sample('delivery.ndjson').trimEnd().split('\n');

const nativeOf = (item: Item<EaEvent>): EaEvent => {
  if ('unreadable' in item) throw new Error(item.unreadable.reason);
  return item.native;
};
/** The statement of the one line that contains all these words. */
const stated = (...words: readonly string[]): Statement => {
  const found = lines.filter(line => words.every(word => line.includes(word)));
  expect(found).toHaveLength(1);
  return adapter.map(nativeOf(parseLine(found[0]!)))[0]!;
};
const rejection = (...words: readonly string[]): Rejection => {
  try {
    stated(...words);
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
  throw new Error('nothing was rejected');
};

test('a row of BASICINFO becomes the report of a case, in the default region where none is written', () => {
  expect(stated('BASICINFO', '20251103', '新开餐饮店')).toEqual({
    kind: 'CaseReport',
    sourceId: 'FD20251103000017/371482101-FD-20251103-00017',
    version: '000000000002.2025-11-03T09:13:02+08:00.000000000000',
    asOf: '2025-11-03T09:12:40+08:00',
    deleted: false,
    data: {
      caseNo: '371482101-FD-20251103-00017',
      sourceCaseNo: 'FD20251103000017',
      matterCode: 'FD-JY-001',
      matterEdition: 2,
      title: '新开餐饮店申请食品经营许可',
      applicantKind: 'ENTERPRISE',
      applicantOrganisationName: '禹城市房寺镇福满楼饭店',
      applicantCreditCode: '92371482MA3CQ1X75C',
      applicantId: null,
      contactPhone: '13800000018',
      channel: 'WINDOW',
      submittedAt: '2025-11-03T09:12:40+08:00',
      acceptedAt: '2025-11-03T10:05:00+08:00',
      promisedOn: '2025-11-10',
      regionCode: '370000000000',
      windowCode: 'FS-ZH-06',
      dataVersion: 2,
    },
  });
});

test('an earlier DATAVER has the same source id and a lower version', () => {
  const [earlier, later] = [stated('BASICINFO', '首次上报'), stated('BASICINFO', '20251103', '新开餐饮店')];
  expect(earlier.sourceId).toBe(later.sourceId);
  expect(earlier.version < later.version).toBe(true);
});

test("a sole trader's own id in place of the credit code links the person and states no name of them", () => {
  const { sourceId, data } = stated('37148219000101019x');
  expect(sourceId).toBe('FD20251104000018/371482101-FD-20251104-00018');
  expect(data).toMatchObject({ applicantId: '37148219000101019x', applicantCreditCode: null });
  expect(data).toMatchObject({ applicantOrganisationName: '禹城市房寺镇福满楼饭店', regionCode: '371482101000' });
  expect(data).not.toHaveProperty('applicantPersonName');
});

test('a natural person keeps the 15-digit id as it came', () => {
  expect(stated('371482000101001').data).toMatchObject({
    applicantKind: 'NATURAL_PERSON',
    applicantPersonName: '张三丰',
    applicantId: '371482000101001',
    regionCode: '371482101205',
  });
});

test('only NODESTATE says that a step ended', () => {
  expect(stated('STEP_PROC', '"NODESTATE": "02"').data).toMatchObject({
    stepNo: '1',
    type: 'STEP',
    state: 'DONE',
    outcome: 'ACCEPTED',
    endedAt: '2025-11-03T10:05:00+08:00',
    final: false,
  });
  const { sourceId, data } = stated('STEP_PROC', '"NODESTATE": "01"');
  expect(sourceId).toBe('FD20251103000017/371482101-FD-20251103-00017/2');
  expect(data).toMatchObject({ name: '决定', state: 'TODO', outcome: null, endedAt: null, final: true });
});

test('special steps are corrections or special procedures, and never take the id of an ordinary step', () => {
  const correction = stated('SPECIALNODE', '补正');
  expect(correction.sourceId).toBe('FD20251103000017/371482101-FD-20251103-00017/S1');
  expect(correction.data).toMatchObject({ stepNo: 'S1', type: 'CORRECTION', outcome: 'CORRECTION_ASKED' });
  expect(stated('SPECIALNODE', '公示').data).toMatchObject({ stepNo: 'S2', type: 'SPECIAL_PROCEDURE' });
});

test('code 6 closes a case as not accepted or otherwise, as the edition of the standard says', () => {
  const closing = stated('STEP_DONE', '"STDVER": "2020"');
  expect(closing.data).toMatchObject({ result: 'NOT_ACCEPTED', sourceResult: 'eajc-2020:6' });
  expect(closing.asOf).toBe('2025-11-05T16:20:00+08:00');
  expect(closing.version).toContain('2026-01-12T17:20:00+08:00');
  expect(stated('STEP_DONE', '"STDVER": "1.0"').data).toMatchObject({ result: 'CLOSED_OTHER' });
  expect(rejection('STEP_DONE', '2031')).toMatchObject({
    field: 'STDVER',
    sourceId: 'FD20251105000019/371482101-FD-20251105-00019',
  });
});

test('codes 0 to 6 mean what their edition says', () => {
  const native = nativeOf(parseLine(lines.find(line => line.includes('STEP_DONE'))!));
  const results = (STDVER: string) =>
    [...'0123456'].map(
      DONERESULT => adapter.map({ ...native, row: { ...native.row, STDVER, DONERESULT } })[0]!.data!.result,
    );
  const shared = ['GRANTED', 'REFUSED', 'VOID', 'DELETED', 'FORWARDED', 'LAPSED_NO_CORRECTION'];
  expect(results('2020')).toEqual([...shared, 'NOT_ACCEPTED']);
  expect(results('1.0')).toEqual([...shared, 'CLOSED_OTHER']);
});

test('a licence is read from any spelling of its number, code and dates', () => {
  expect(stated('XKZ0001235')).toMatchObject({
    kind: 'Licence',
    sourceId: 'XKZ0001235',
    data: {
      number: 'JY23714820001235',
      state: 'ISSUED',
      holderCreditCode: '92371482ma3cq1x75c ',
      responsiblePersonId: '371482190001010018',
      premises: '山东省德州市禹城市房寺镇房寺街7号',
      issuedOn: '2025-11-05',
      validUntil: '2030-11-04',
      longTerm: false,
    },
  });
  expect(stated('XKZ0000077').data).toMatchObject({
    number: '鲁餐证字(2013)371482-000077号',
    state: 'CANCELLED',
    holderCreditCode: null,
    responsiblePersonId: '371482190001010026',
    validUntil: null,
    longTerm: true,
  });
});

test('a licence number with a wrong check digit is rejected without repeating it', () => {
  const { field, reason, message, sourceId } = rejection('XKZ0001236');
  expect({ field, reason, sourceId }).toEqual({
    field: 'XKZBH',
    reason: 'is not a valid food business licence number: CHECK_DIGIT',
    sourceId: 'XKZ0001236',
  });
  expect(message).not.toContain('JY1');
});

test('an operation D and a VALIDITY_FLAG of 0 flag the record, whatever else the row holds', () => {
  expect(stated('XKZ0000078')).toMatchObject({ kind: 'Licence', deleted: true, data: null });
  expect(stated('XBJ25371482000008')).toMatchObject({ kind: 'Sample', deleted: true, data: null });
});

test('a removal is one in any spelling of its code, and an unknown code is parked with its id', () => {
  const report = nativeOf(parseLine(lines.find(line => line.includes('EA_JC_STEP_BASICINFO'))!));
  const map = (operation: unknown) => adapter.map({ ...report, operation });
  for (const code of ['D', 'd', 'D ', 'Ｄ', '　ｄ'])
    expect([code, map(code)]).toEqual([code, [expect.objectContaining({ deleted: true })]]);
  for (const code of ['I', 'u', 'Ｕ ', '', null, undefined])
    expect([code, map(code)]).toEqual([code, [expect.objectContaining({ deleted: false })]]);
  for (const code of ['x', 'DELETE', '删除', 1])
    expect(() => map(code)).toThrow(expect.objectContaining({ field: 'CD_OPERATION', sourceId: expect.any(String) }));
});

test('an inspection has two officers and quotes the licence as it stood', () => {
  expect(stated('RCJC2025000042').data).toMatchObject({
    firstInspectorName: '蒋荣圃',
    secondInspectorName: '蔡秋菱',
    licenceNo: '鲁餐证字(2013)371482-000077号',
    result: 'MOSTLY_COMPLIANT',
    rectifyBy: '2025-12-05',
    inspectedOn: '2025-11-20',
  });
});

test('a sample names what failed', () => {
  expect(stated('XBJ25371482000007').data).toMatchObject({
    product: '豆腐',
    result: 'UNQUALIFIED',
    unqualifiedItem: '苯甲酸及其钠盐',
    regionCode: '371482000000',
  });
});

test('ids that are written as numbers keep their digits', () => {
  const read = (text: string) => nativeOf(parseLine(text)).row;
  expect(
    read('{"TABLE":"SPYP_XKZ","ROW":{"XKZID":37148200000123456,"APPLICANTCODE":371482198512240719,"DATAVER":1}}'),
  ).toEqual({
    XKZID: '37148200000123456',
    APPLICANTCODE: '371482198512240719',
    DATAVER: 1,
  });
});

test('a row of a table that the agency does not have is rejected', () => {
  expect(() => adapter.map({ table: 'EA_JC_FEEINFO', operation: 'I', row: {} })).toThrow(Rejection);
});

const SECRET = 'a shared secret';
const NOW = new Date('2026-11-23T01:00:00Z');
const settings = { secret: SECRET, lookupUrl: 'http://127.0.0.1:9', toleranceSeconds: 300 };
const noFetch = () => Promise.reject(new Error('no network here'));
const open = (fetch: typeof globalThis.fetch = noFetch) => adapter.connect(settings, { fetch, now: () => NOW });

function deliver(body: Uint8Array, { secondsAgo = 0, secret = SECRET } = {}): Delivery {
  const timestamp = String(NOW.getTime() / 1000 - secondsAgo);
  const signature = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  return { headers: { 'x-ea-timestamp': timestamp, 'x-ea-signature': `sha256=${signature}` }, body };
}
/** As the hub takes a delivery: by its headers first. */
async function push(delivery: Delivery) {
  const { push: reader } = open();
  reader!.admit(delivery.headers);
  return reader!.read(delivery);
}
const refused = expect.objectContaining({ name: 'SourceError', kind: 'REFUSED' });

test('a delivery is split into its lines, and what is no event is an unreadable item', async () => {
  const items = await push(deliver(Buffer.from(sample('delivery.ndjson'))));
  expect(items).toHaveLength(lines.length);
  expect(items.filter(item => 'unreadable' in item)).toEqual([
    { raw: lines.at(-1), unreadable: { field: 'line', reason: 'is not JSON' } },
  ]);
});

test('lines that are not UTF-8, not objects or hold nested values do not spoil their neighbours', async () => {
  const gbk = Buffer.from([0x7b, 0xb7, 0xbf, 0xcb, 0xc2, 0x7d]);
  const rest = `\n[1]\n\r\n{"ROW":{}}\n{"TABLE":"SPYP_CJ","ROW":{"YPMC":{}}}\n${lines[0]}`;
  const items = await push(deliver(Buffer.concat([gbk, Buffer.from(rest)])));
  expect(items.map(item => ('unreadable' in item ? item.unreadable.reason : 'read'))).toEqual([
    'is not UTF-8',
    'is not a JSON object',
    'is missing',
    'is not an object of plain values',
    'read',
  ]);
});

test.each([
  ['another secret', deliver(Buffer.from(lines[0]!), { secret: 'another secret' })],
  ['a signature of 301 s ago', deliver(Buffer.from(lines[0]!), { secondsAgo: 301 })],
  ['a signature of 301 s ahead', deliver(Buffer.from(lines[0]!), { secondsAgo: -301 })],
  ['another body', { ...deliver(Buffer.from(lines[0]!)), body: Buffer.from(lines[1]!) }],
  ['no signature', { headers: { 'x-ea-timestamp': '1795395600' }, body: Buffer.from(lines[0]!) }],
  [
    'a short signature',
    { headers: { 'x-ea-timestamp': '1795395600', 'x-ea-signature': 'sha256=00' }, body: Buffer.of() },
  ],
])('a delivery with %s is refused', async (_, delivery) => {
  await expect(push(delivery)).rejects.toEqual(refused);
});

test('a signature of 300 s ago is taken', async () => {
  await expect(push(deliver(Buffer.from(lines[0]!), { secondsAgo: 300 }))).resolves.toHaveLength(1);
});

test('a delivery of too many lines is malformed', async () => {
  const body = Buffer.from('{}\n'.repeat(MAX_LINES + 1));
  await expect(push(deliver(body))).rejects.toMatchObject({ kind: 'MALFORMED' });
});

const call = () => ({ signal: new AbortController().signal });
const answering = (body: string, status = 200) => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    asked.push(String(init?.body));
    return new Response(body, { status });
  };
  return { asked, fetch };
};

test('holders and numbers are asked for in one request, and rows find their keys in any spelling', async () => {
  const { asked, fetch } = answering(sample('look-up.json'));
  const keys = ['92371482MA3CQ1X75C', 'JY13714820000019', 'JY23714820001235', '371482190001010018'];
  const found = await open(fetch).lookup!('Licence', keys, call());
  expect(found.map(items => items.length)).toEqual([1, 0, 1, 0]);
  expect(asked.map(body => JSON.parse(body))).toEqual([
    { TYSHXYDM: ['92371482MA3CQ1X75C'], XKZBH: ['JY13714820000019', 'JY23714820001235'] },
  ]);
  const looked = adapter.map(nativeOf(found[0]![0] as Item<EaEvent>));
  expect(looked).toEqual([stated('XKZ0001235')]);
});

test.each([
  ['{"resultCode":"40","resultMessage":"无权限"}', 200, 'REFUSED'],
  ['', 401, 'REFUSED'],
  ['', 503, 'UNREACHABLE'],
  ['', 504, 'TIMEOUT'],
  ['SrcReceiver: not subscribed', 200, 'MALFORMED'],
  ['{"resultData":[]}', 200, 'MALFORMED'],
  ['{"resultCode":"00","resultData":[[]]}', 200, 'MALFORMED'],
])('an answer of %j with status %d is an error of kind %s', async (body, status, kind) => {
  const { fetch } = answering(body, status);
  const asking = open(fetch).lookup!('Licence', ['92371482MA3CQ1X75C'], call());
  await expect(asking).rejects.toBeInstanceOf(SourceError);
  await expect(asking).rejects.toMatchObject({ kind });
});

test('a look-up without an answer is unreachable, and after the deadline a timeout', async () => {
  await expect(open().lookup!('Licence', ['JY13714820000019'], call())).rejects.toMatchObject({ kind: 'UNREACHABLE' });
  const signal = AbortSignal.abort();
  await expect(open().lookup!('Licence', ['JY13714820000019'], { signal })).rejects.toMatchObject({ kind: 'TIMEOUT' });
});
