import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Rejection, type Statement } from '../kit/index.ts';
import adapter from './adapter.ts';
import { readArea } from './area.ts';
import type { Native, Row } from './exchange-row.ts';
import { readBoundary } from './geometry.ts';
import { readHolders } from './holders.ts';

const sample = (file: string): Native[] =>
  JSON.parse(readFileSync(new URL(`samples/${file}.json`, import.meta.url), 'utf8'));
const parcels = sample('parcels');
const rights = sample('rights');
const cases = sample('cases');

const state = (native: Native): Statement => adapter.map(native)[0]!;
const rowWhere = (natives: readonly Native[], fits: (row: Row) => boolean): Native =>
  natives.find(({ row }) => fits(row))!;
const stated = (natives: readonly Native[], fits: (row: Row) => boolean) => state(rowWhere(natives, fits)).data!;
const refusal = (native: Native): string => {
  try {
    adapter.map(native);
  } catch (error) {
    if (error instanceof Rejection) return error.message;
  }
  return 'none';
};
const withColumns = (native: Native, columns: Row): Native => ({ ...native, row: { ...native.row, ...columns } });

test('an area is square metres, whatever its unit, and keeps the text of the source', () => {
  expect(readArea('zdmj', '3.0000', 'mjdw', '2')).toEqual({ areaM2: '2000.00', areaAsWritten: '3.0000 亩' });
  expect(readArea('zdmj', '0.0218', 'mjdw', '公顷')).toEqual({ areaM2: '218.00', areaAsWritten: '0.0218 公顷' });
  expect(readArea('zdmj', '1,234.5', 'mjdw', '㎡').areaM2).toBe('1234.50');
  expect(refusal(rowWhere(parcels, row => row.mjdw === '9'))).toBe('mjdw is not a code of AreaUnit in edition bdc');
});

test('a boundary in metres becomes one in degrees, also with swapped axes and without the number of the zone', () => {
  // Computed with Krueger's series, independently of the library that is used here.
  const ring = [
    [39_468_784.769, 4_079_921.718],
    [39_468_873.956, 4_079_921.392],
    [39_468_874.361, 4_080_032.367],
    [39_468_784.769, 4_079_921.718],
  ];
  const text = (points: number[][]) => `POLYGON((${points.map(point => point.join(' ')).join(', ')}))`;
  const expected = readBoundary(text(ring));
  expect(expected.geometryState).toBe('SOUND');
  const corners = expected.geometry!.coordinates[0]!.map(corner => corner.map(degrees => degrees.toFixed(6)));
  expect(corners.slice(0, 3)).toEqual([
    ['116.650000', '36.850000'],
    ['116.651000', '36.850000'],
    ['116.651000', '36.851000'],
  ]);
  expect(readBoundary(text(ring.map(([x, y]) => [y!, x!])))).toEqual(expected);
  expect(readBoundary(text(ring.map(([x, y]) => [x! - 39_000_000, y!])))).toEqual(expected);
  expect(readBoundary(text(ring.toReversed())).geometryState).toBe('SOUND');
  expect(readBoundary(text(ring.slice(0, 3)))).toEqual(expected);
});

test('a boundary that crosses itself or lies elsewhere is left out with the reason, and the parcel stays', () => {
  const bowTie = 'POLYGON((500000 4080000, 500010 4080010, 500010 4080000, 500000 4080010, 500000 4080000))';
  expect(readBoundary(bowTie)).toEqual({ geometry: null, geometryState: 'SELF_INTERSECTING' });
  expect(readBoundary('POLYGON((1 2, 3 4, 5 6, 1 2))').geometryState).toBe('UNREADABLE');
  expect(readBoundary('POINT(500000 4080000)').geometryState).toBe('UNREADABLE');
  expect(readBoundary(null).geometryState).toBe('ABSENT');
  const first = parcels[0]!;
  expect(state(withColumns(first, { shape: bowTie })).data).toMatchObject({ geometryState: 'SELF_INTERSECTING' });
});

test('a parcel that has only its old number gets its code from its unit', () => {
  const data = stated(parcels, row => row.zddm === null);
  expect(data).toMatchObject({ parcelCode: '371482101006JC00039', oldCadastralNo: '101-006-00039' });
});

test('holders in one string are told apart, and a name that was spread out stays one', () => {
  expect(readHolders('张三、李四', '110101199003070011、无')).toEqual([
    { name: '张三', number: '110101199003070011', organisation: false },
    { name: '李四', number: null, organisation: false },
  ]);
  expect(readHolders('张　三', null)).toEqual([{ name: '张三', number: null, organisation: false }]);
  expect(readHolders('张三 李小四', null).map(({ name }) => name)).toEqual(['张三', '李小四']);
  expect(readHolders('阿依古丽·买买提', null)).toHaveLength(1);
  expect(readHolders('欧阳 锋', null).map(({ name }) => name)).toEqual(['欧阳锋']);
  expect(() => readHolders('张三', '110101199003070011、110101199003070012')).toThrow(Rejection);
});

test.each([
  ['JOHN SMITH', '91184019900308001X', ['JOHN SMITH']],
  ['MARIA  DE LA　CRUZ', null, ['MARIA DE LA CRUZ']],
  ['JOHN SMITH、张三', '91184019900308001X、110101199003070011', ['JOHN SMITH', '张三']],
  ['张三 JOHN SMITH', null, ['张三', 'JOHN SMITH']],
  ['JOHN SMITH；Нина Петрова', null, ['JOHN SMITH', 'Нина Петрова']],
  ["O'NEIL ANNE-MARIE", null, ["O'NEIL ANNE-MARIE"]],
  ['張 三 、 李　四', null, ['張三', '李四']],
])('%s: the words of a foreign name belong together', (names, numbers, expected) => {
  const holders = readHolders(names, numbers);
  expect(holders.map(({ name }) => name)).toEqual(expected);
  expect(holders.map(({ number }) => number)).toEqual(expected.map((_, i) => numbers?.split('、')[i] ?? null));
});

test.each(['d', 'D ', 'Ｄ', 'ｄ　', 'D'])('%j removes a row, and a code that nobody knows parks it', code => {
  const insertion = rowWhere(rights, row => row.cd_operation === 'I');
  expect(state(withColumns(insertion, { cd_operation: code })).deleted).toBe(true);
  for (const unknown of ['X', 'DELETE', '', null])
    expect(refusal(withColumns(insertion, { cd_operation: unknown }))).toMatch(/^cd_operation /);
});

test('a right has its holders side by side, each with an own id', () => {
  const data = stated(rights, row => row.qlr === '邱辉飞；曹芳娟');
  expect(data).toMatchObject({
    holderCount: 2,
    holderNames: '邱辉飞、曹芳娟',
    holderId: '372426196206116518',
    secondHolderName: '曹芳娟',
    secondHolderId: '372426195906054042',
    clear: true,
  });
  expect(stated(rights, row => row.qlr === '王玉梅、贾宇兵')).toMatchObject({ secondHolderId: null });
});

test('an organisation that holds a right is no person', () => {
  expect(stated(rights, row => row.qlrzjh === '93371482MAEWF6J86T')).toMatchObject({
    holderId: null,
    holderName: null,
    holderCreditCode: '93371482MAEWF6J86T',
  });
});

test('a right is clear only where it is known to be neither mortgaged nor seized', () => {
  const first = rights[0]!;
  expect(state(first).data).toMatchObject({ clear: true, certificateNo: '鲁(2016)禹城市不动产权第0000731号' });
  const encumbered: readonly Row[] = [{ dyaq: '1' }, { cfdj: '是' }, { dyaq: null }, { qszt: '2' }];
  for (const columns of encumbered) {
    expect(state(withColumns(first, columns)).data).toMatchObject({ clear: false });
  }
  expect(refusal(withColumns(first, { dyaq: '?' }))).toBe('dyaq is neither yes nor no');
});

test('rights with an impossible date or an unknown status are refused under the column that is wrong', () => {
  expect(refusal(rowWhere(rights, row => row.djsj === '2023-02-30'))).toBe('djsj is not a date');
  expect(refusal(rowWhere(rights, row => row.qszt === '7'))).toBe(
    'qszt is not a code of RealRightState in edition bdc',
  );
  expect(stated(rights, row => row.djsj === '2016年2月11日')).toMatchObject({ registeredOn: '2016-02-11' });
});

test('a deletion needs nothing but the id of the row, and comes after an update of the same batch', () => {
  const deletion = rowWhere(rights, row => row.cd_operation === 'D');
  expect(state(deletion)).toMatchObject({ kind: 'Right', deleted: true, data: null });
  const insertion = rowWhere(rights, ({ row_guid }) => row_guid === deletion.row.row_guid);
  const sameTime = { cd_time: deletion.row.cd_time!, jhxh: '999999' };
  const update = withColumns(insertion, { ...sameTime, cd_operation: 'u ' });
  expect(state(update).version < state(deletion).version).toBe(true);
  expect(state(withColumns(update, { cd_operation: 'I' })).version < state(update).version).toBe(true);
});

test('a step whose end is its start goes on, unless an opinion was written', () => {
  const [running, ended] = cases.filter(({ table }) => table === 'up_pro_process');
  expect(state(running!).data).toMatchObject({ state: 'TODO', endedAt: null, outcome: null });
  expect(state(ended!).data).toMatchObject({ state: 'DONE', endedAt: '2024-12-17T13:20:05+08:00', outcome: 'AGREED' });
  expect(state(ended!).version > state(running!).version).toBe(true);
  const concurrency = withColumns(ended!, { event_end_time: ended!.row.event_start_time! });
  expect(state(concurrency).data).toMatchObject({ state: 'DONE', endedAt: '2024-12-17T12:08:05+08:00' });
});

test('special procedures and extensions are steps that pause or move the clock', () => {
  expect(stated(cases, row => row.special_type === '1')).toMatchObject({ type: 'EXTENSION', state: 'DONE' });
  expect(stated(cases, row => row.special_name === '听证' && row.result === null)).toMatchObject({
    type: 'SPECIAL_PROCEDURE',
    state: 'TODO',
    endedAt: null,
  });
});

test('a closing knows withdrawal from a correction that never came, and every certificate', () => {
  expect(stated(cases, row => row.result_explain === '申请人撤回申请')).toMatchObject({
    result: 'WITHDRAWN',
    sourceResult: 'eajc-2020:5',
  });
  expect(stated(cases, row => row.result_explain === '申请人逾期未补正').result).toBe('LAPSED_NO_CORRECTION');
  expect(stated(cases, row => row.result_type === '0').certificateNo).toBe(
    '371482101LAND202500079、371482101-LAND-20251208-00079(附)',
  );
});

test('a case names a person or an organisation, also from the wider copy of the table', () => {
  const person = rowWhere(cases, row => row.applyer_type === '1');
  expect(person.row.org_code).toHaveLength(64);
  expect(state(person).data).toMatchObject({ applicantPersonName: '董慧凤', applicantOrganisationName: null });
  expect(stated(cases, row => row.applyer_type === '2')).toMatchObject({
    applicantId: null,
    applicantCreditCode: '91371482743373481E',
  });
});

test('the share of the town in the quota of the city can be computed', () => {
  const quotas = sample('ledgers').filter(({ table }) => table === 'ydzb');
  const quotaOf = (scope: string) => Number(quotas.map(state).find(({ data }) => data!.scope === scope)!.data!.quotaMu);
  expect(quotaOf('TOWN') / quotaOf('COUNTY_CITY')).toBeCloseTo(0.2);
});

test('the county has no say in a homestead since 2020', () => {
  const [before, since] = sample('ledgers').filter(({ table }) => table === 'zjdsp');
  expect(state(before!).data).toMatchObject({ appliedOn: '2016-05-16', countyOpinionOn: '2016-06-30' });
  expect(state(since!).data).toMatchObject({ areaM2: '152.00', countyOpinion: null, townOpinionOn: '2020-04-13' });
});
