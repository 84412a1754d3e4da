import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { encodeGb18030 } from '../../seeds/systems/human-resources/gb18030.ts';
import { Rejection, SourceError, type Statement } from '../kit/index.ts';
import adapter from './adapter.ts';
import { parseControlFile } from './control-file.ts';
import { type DataFile, findDataFile } from './file-name.ts';
import { EncodingMeter, LineMeter, measureLines, readLines } from './lines.ts';
import { readRow } from './map.ts';
import { afterFile, formatPosition, isDone, parsePosition } from './position.ts';

const sample = (name: string) => readFileSync(new URL(`samples/${name}`, import.meta.url));
const fileOf = (name: string): DataFile => {
  const file = findDataFile(name);
  if (!file) throw new Error(`${name} is no name of a data file`);
  return file;
};
const readSample = (name: string) => {
  const file = fileOf(name);
  const { asOf } = parseControlFile(file, sample(file.control).toString('latin1'));
  return readLines(sample(name), { table: file.table, whole: file.whole, version: file.version, asOf }, 0);
};
/** The outcome of each line: its statement, or why there is none. */
const outcomes = (name: string): (Statement | string)[] =>
  readSample(name).map(item => {
    if ('unreadable' in item) return `${item.unreadable.field} ${item.unreadable.reason}`;
    try {
      return readRow(item.native)[0]!;
    } catch (error) {
      if (error instanceof Rejection) return `${error.message} (${error.sourceId ?? 'id unknown'})`;
      throw error;
    }
  });
const dataOf = (outcome: Statement | string | undefined) => (typeof outcome === 'object' ? outcome.data : outcome);

describe('rows of the whole set of insured persons', () => {
  const rows = outcomes('AC02_ALL_202610_000101.txt');

  test('a plain row becomes an insured person with version, id and the day of the set', () => {
    expect(rows[0]).toEqual({
      kind: 'InsuredPerson',
      sourceId: '371400000001-170',
      version: '20261031.000000000101.000000000001',
      asOf: '2026-10-31T23:59:59+08:00',
      deleted: false,
      data: {
        personNo: '371400000001',
        residentId: '371482190001010018',
        name: '张秀英',
        sex: 'MALE',
        birthDate: '1900-01-01',
        unitNo: null,
        unitCreditCode: null,
        unitName: null,
        regionCode: '371482101003',
        insuranceKind: 'RESIDENT_PENSION',
        status: 'NORMAL',
        insuredSince: '2015-03-01',
        handledAt: '2020-01-15T09:30:00+08:00',
      },
    });
  });

  test('sex in words and a birth date in Chinese read as the plain ones do', () => {
    expect(dataOf(rows[1])).toMatchObject({ sex: 'MALE', birthDate: '1900-01-01', insuranceKind: 'RESIDENT_MEDICAL' });
  });

  test('a character whose second byte is a pipe does not cut the name, and padding is gone', () => {
    expect(dataOf(rows[2])).toMatchObject({
      name: '马瑋',
      sex: 'MALE',
      birthDate: '1900-01-02',
      regionCode: '371482101',
    });
  });

  test('the old code of the new rural scheme names the same registration as the code after the merger', () => {
    expect(rows[2]).toMatchObject({ sourceId: '371400000002-170', data: { insuranceKind: 'RESIDENT_PENSION' } });
    expect(rows[3]).toMatchObject({ sourceId: '371400000003-170', data: { insuranceKind: 'RESIDENT_PENSION' } });
  });

  test('a name with a character of four bytes is read whole', () => {
    expect(dataOf(rows[3])).toMatchObject({ name: '刘𬭎', sex: 'FEMALE', residentId: '371482000101002' });
  });

  test('an employee is insured through a unit', () => {
    expect(dataOf(rows[4])).toMatchObject({
      unitNo: 'DW3CP0A037',
      unitCreditCode: '91371482MA3CP0A037',
      unitName: '禹城市房寺镇豆制品有限公司',
      insuranceKind: 'EMPLOYEE_PENSION',
      status: 'PAUSED',
    });
  });

  test('what cannot be read says where and why, with the id where it is known', () => {
    expect(rows.slice(6)).toEqual([
      'AAC006 is not a date (371400000006-170)',
      'AAE140 is not a code of InsuranceKind in edition 2014 (id unknown)',
      'line has 12 columns instead of 13',
      'line has bytes that are not GB18030',
    ]);
  });
});

describe('the encoding', () => {
  const facts = { table: 'AC02', whole: false, version: 'v', asOf: '2026-11-03T00:00:00+08:00' } as const;
  const line = (name: string | Buffer) =>
    Buffer.concat([
      Buffer.from('1|P1|371482199003071077|'),
      Buffer.from(name),
      Buffer.from('|1|19900307||||371482|170|1|20200101|20261101093000\r\n'),
    ]);
  const nameOf = (item: ReturnType<typeof readLines>[number]) =>
    'unreadable' in item ? item.unreadable.reason : item.native.cells[2];

  test.each([
    ['cdf5fe59', '王龴'],
    ['fe59fe66fe67fe6dfe7efe90fea0', '龴龶龷龸龹龺龻'],
    ['a6d9a6dfa6eca6f3', '︐︖︗︙'],
  ])('is GB18030 of 2022: %s is %s', (bytes, name) => {
    expect(new TextDecoder('gb18030').decode(Buffer.from(bytes, 'hex'))).toBe(name);
    expect(nameOf(readLines(line(Buffer.from(bytes, 'hex')), facts, 0)[0]!)).toBe(name);
    expect(encodeGb18030(name).toString('hex')).toBe(bytes);
  });

  test.each(['张三', '司马相如', '阿依古丽', '欧阳锋', '阿卜杜拉·买买提', '\ufeff张'])(
    'lines in UTF-8 are not read as GB18030: %s',
    name => {
      expect(nameOf(readLines(line(name), facts, 0)[0]!)).toBe('is UTF-8, not GB18030');
      expect(nameOf(readLines(line(encodeGb18030(name)), facts, 0)[0]!)).toBe(name);
    },
  );

  test('ASCII is both, and the parts of a file may be cut anywhere', () => {
    const meter = (bytes: Buffer, size: number) => {
      const encoding = new EncodingMeter();
      for (let at = 0; at < bytes.length; at += size) encoding.add(bytes.subarray(at, at + size));
      return encoding.isUtf8;
    };
    const text = '1|张三|欧阳锋|阿卜杜拉·买买提\r\n'.repeat(50);
    for (const size of [1, 2, 3, 7, 64, 10_000]) {
      expect([size, meter(Buffer.from(text), size)]).toEqual([size, true]);
      expect([size, meter(encodeGb18030(text), size)]).toEqual([size, false]);
      expect([size, meter(Buffer.from('1|a|b\r\n'), size)]).toEqual([size, false]);
    }
  });

  test('every character has bytes that are read as it', () => {
    for (let point = 0x20; point < 0x3_00_00; point += 1) {
      if (point >= 0xd800 && point < 0xf900) continue;
      const character = String.fromCodePoint(point);
      if (new TextDecoder('gb18030').decode(encodeGb18030(character)) !== character)
        throw new Error(point.toString(16));
    }
  });
});

describe('rows of the other files', () => {
  test('changes of one day are told apart by their lines, and a removal needs nothing but the id', () => {
    const [first, second, removed, unknown] = outcomes('AC02_INC_20261103_000102.txt');
    expect(dataOf(first)).toMatchObject({ status: 'PAUSED' });
    expect(dataOf(second)).toMatchObject({ status: 'NORMAL' });
    expect((second as Statement).version > (first as Statement).version).toBe(true);
    expect((first as Statement).version > '20261031.000000000101.999999999999').toBe(true);
    expect(removed).toMatchObject({ deleted: true, data: null, sourceId: '371400000002-170' });
    expect(unknown).toBe('CZLX is none of 1, 2, 3 (371400000003-170)');
  });

  test('payments keep reversals negative and thousands without separators', () => {
    const [paid, reversed, byTier, wrongMonth] = outcomes('AC43_ALL_202610_000101.txt');
    expect(dataOf(paid)).toMatchObject({ period: '2025-12', amount: '400.00', tier: null, channel: 'TAX' });
    expect(dataOf(reversed)).toMatchObject({ amount: '-400.00', reversedReceiptNo: 'JF371482000000001' });
    expect(dataOf(byTier)).toMatchObject({ amount: '1000.00', tier: 1000, channel: 'HUMAN_RESOURCES' });
    expect(wrongMonth).toBe('AAE002 is not a month (JF371482000000004)');
  });

  test('benefits have an account, a proof of life and a state', () => {
    const [drawing, ended] = outcomes('AC61_ALL_202610_000101.txt');
    expect(dataOf(drawing)).toMatchObject({ monthlyAmount: '1186.50', qualifiedOn: '2026-03-01', status: 'DRAWING' });
    expect(dataOf(ended)).toMatchObject({ accountNo: null, qualifiedOn: null, status: 'ENDED' });
  });

  test('a pipe in the free text of a registration makes a line of too many columns', () => {
    const [employed, tooMany] = outcomes('CC03_ALL_202610_000101.txt');
    expect(dataOf(employed)).toMatchObject({ event: 'EMPLOYED', form: 'UNIT', note: '返乡创业' });
    expect(tooMany).toBe('line has 14 columns instead of 13');
  });
});

describe('files', () => {
  test('a set of a month stands before the changes of the next and after those of its last day', () => {
    const versions = ['AC02_INC_20261031_000100', 'AC02_ALL_202610_000101', 'AC02_INC_20261101_000099'].map(
      name => fileOf(`${name}.txt`).version,
    );
    expect(versions).toEqual([...versions].sort());
  });

  test('other names of the folder are none of ours', () => {
    const others = [
      'AC02_ALL_202610_000101.ctl',
      'AC02_ALL_202610_000101.txt.filepart',
      'AC99_ALL_202610_000101.txt',
      '',
    ];
    expect(others.map(findDataFile)).toEqual([null, null, null, null]);
  });

  test.each([
    'AC02_ALL_202613_000101.txt',
    'AC02_ALL_202600_000101.txt',
    'AC02_ALL_999912_000101.txt',
    'AC02_INC_20260230_000101.txt',
    'AC02_INC_20261131_000101.txt',
    'AC02_INC_99999999_000101.txt',
    'AC02_INC_00000000_000101.txt',
  ])('%s is malformed: it is named after no day', name => {
    const file = fileOf(name);
    expect(() => parseControlFile(file, '')).toThrow(
      new SourceError('MALFORMED', `file ${name} is named after no ${file.whole ? 'month' : 'day'} of the calendar`),
    );
  });

  test('a file of a day to come is malformed: its version would stand before those of all others', () => {
    const right = sample('AC02_INC_20261103_000102.ctl').toString('latin1');
    for (const [day, says] of [
      ['20261104', /later than its ASOF$/],
      ['20991231', /later than its ASOF$/],
    ] as const) {
      const file = fileOf(`AC02_INC_${day}_000102.txt`);
      const text = right.replaceAll('20261103_', `${day}_`).replace('PERIOD=20261103', `PERIOD=${day}`);
      expect(() => parseControlFile(file, text)).toThrow(says);
    }
  });

  test('a control file of another file, without digest or without rows is refused by the name of the file', () => {
    const file = fileOf('AC02_ALL_202610_000101.txt');
    const right = sample(file.control).toString('latin1');
    expect(parseControlFile(file, right).rows).toBe(10);
    const wrong = [
      right.replace('PERIOD=202610', 'PERIOD=202609'),
      right.replace(/SHA256=.*/, ''),
      right.replace(/ROWS=.*/, ''),
    ];
    for (const text of [...wrong, '']) {
      expect(() => parseControlFile(file, text)).toThrow(SourceError);
      expect(() => parseControlFile(file, text)).toThrow(/AC02_ALL_202610_000101/);
    }
  });

  test('a meter counts the lines of any division into parts', () => {
    for (const size of [1, 3, 100]) {
      const meter = new LineMeter();
      const bytes = Buffer.from('ab\ncdef\n\ng');
      for (let at = 0; at < bytes.length; at += size) meter.add(bytes.subarray(at, at + size));
      expect([size, meter.lines, meter.longest]).toEqual([size, 4, 4]);
    }
  });

  test('whole lines are measured and a begun one is left', () => {
    const bytes = Buffer.from('a\nb\nc');
    expect(measureLines(bytes, 0, 1)).toEqual({ end: 2, lines: 1 });
    expect(measureLines(bytes, 0, 9)).toEqual({ end: 4, lines: 2 });
  });
});

describe('the cursor', () => {
  test('knows what was read, whatever the order, and what a whole set contains', () => {
    const [set, early, late, later] = [
      'AC02_ALL_202610_000105',
      'AC02_INC_20261030_000104',
      'AC02_INC_20261102_000108',
      'AC02_INC_20261101_000107',
    ].map(name => fileOf(`${name}.txt`));
    let position = parsePosition(null);
    position = afterFile(afterFile(position, late!), set!);
    position = parsePosition(formatPosition(position));
    expect([set, early, late, later].map(file => isDone(position, file!))).toEqual([true, true, true, false]);
    expect(isDone(position, fileOf('AC43_INC_20261030_000104.txt'))).toBe(false);
  });

  test('stays short over a year of daily files', () => {
    let position = parsePosition(null);
    for (let serial = 365; serial > 0; serial--) {
      position = afterFile(position, fileOf(`AC02_INC_20261102_${String(serial).padStart(6, '0')}.txt`));
    }
    expect(formatPosition(position).length).toBeLessThan(100);
  });

  test('is refused when it is not ours', () => {
    for (const text of ['', '{}', 'null', '{"tables":{"XX":{}},"place":null}']) {
      expect(() => parsePosition(text)).toThrow(SourceError);
    }
  });
});

describe('settings', () => {
  const given = { host: 'h', port: '22', user: 'u', hostKey: `SHA256:${'A'.repeat(43)}` };
  test('ask for a key or a password', () => {
    expect(adapter.settings.safeParse(given).success).toBe(false);
    expect(adapter.settings.parse({ ...given, password: 'long enough' })).toMatchObject({
      port: 22,
      folder: '/outbox',
    });
  });
  test('ask for a pinned host key', () => {
    expect(adapter.settings.safeParse({ ...given, password: 'long enough', hostKey: 'any' }).success).toBe(false);
  });
});
