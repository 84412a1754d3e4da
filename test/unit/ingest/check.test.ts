import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  code,
  codeTable,
  date,
  decimal,
  defineAdapter,
  defineRecord,
  integer,
  Rejection,
  residentId,
  residentIdCheck,
  type Statement,
  text,
} from '../../../adapters/kit/index.ts';
import { checkStatement } from '../../../src/ingest/check.ts';
import { Restater } from '../../../src/ingest/restate.ts';

const colour = codeTable('Colour', { en: 'Colour', zh: '颜色' }, { RED: { en: 'Red', zh: '红' } });
const Thing = defineRecord('Thing', {
  title: { en: 'Thing', zh: '物' },
  key: ['no'],
  fields: {
    no: text({ zh: '编号' }),
    owner: text({ zh: '身份证', format: residentId }),
    guest: text({ zh: '身份证', format: residentId, optional: true }),
    count: integer({ zh: '数量', optional: true }),
    price: decimal({ zh: '价格', optional: true }),
    on: date({ zh: '日期', optional: true }),
    colour: code({ zh: '颜色', table: colour, optional: true }),
  },
});
/** A valid id that belongs to nobody: the check character is computed. */
const owner = `37148219900101001${residentIdCheck('37148219900101001')}`;
/** The same id with a wrong check character. */
const wrongId = owner.slice(0, 17) + (owner.endsWith('0') ? '1' : '0');
const good = { no: 'a', owner };
const stated = (data: Record<string, unknown> | null, more: Partial<Statement> = {}): Statement => ({
  kind: 'Thing',
  sourceId: 's1',
  version: '1',
  deleted: false,
  data,
  ...more,
});
const rejects = (statement: Statement) => {
  const outcome = checkStatement(Thing, statement);
  return 'rejects' in outcome ? outcome.rejects : [];
};
const taken = (statement: Statement) => {
  const outcome = checkStatement(Thing, statement);
  if ('rejects' in outcome) throw new Error(JSON.stringify(outcome.rejects));
  return outcome.record;
};

describe('a statement', () => {
  test('that is valid is taken as a whole, with null for what is not given', () => {
    expect(taken(stated({ ...good, count: 3, price: '-1.50', on: '2026-02-28', colour: 'RED' })).values).toEqual({
      ...good,
      guest: null,
      count: 3,
      price: '-1.50',
      on: '2026-02-28',
      colour: 'RED',
    });
  });

  test.each([
    ['no', { owner }, 'is missing'],
    ['no', { ...good, no: '' }, 'is missing'],
    ['no', { ...good, no: 'a\0b' }, 'holds characters that are no text'],
    ['no', { ...good, no: '\ud800' }, 'holds characters that are no text'],
    ['no', { ...good, no: 'x'.repeat(4001) }, 'is longer than 4,000 characters'],
    ['owner', { ...good, owner: wrongId }, 'is not a valid resident id: CHECK_DIGIT'],
    ['count', { ...good, count: 1.5 }, 'is not a whole number'],
    ['count', { ...good, count: 2 ** 40 }, 'is not a whole number'],
    ['price', { ...good, price: '1,5' }, 'is not a decimal number'],
    ['on', { ...good, on: '2026-02-30' }, 'is not a date'],
    ['colour', { ...good, colour: 'BLUE' }, expect.any(String)],
    ['shape', { ...good, shape: 'round' }, 'is not a field of Thing'],
  ])('is parked for %s', (field, data, reason) => {
    expect(rejects(stated(data))).toEqual([{ field, reason }]);
  });

  test('is parked with every reason, and none quotes a value', () => {
    const secret = wrongId;
    const found = rejects(stated({ owner: secret, count: secret, on: secret, colour: secret, price: `a${secret}` }));
    expect(found.map(r => r.field)).toEqual(['no', 'owner', 'count', 'price', 'on', 'colour']);
    expect(JSON.stringify(found)).not.toContain(secret);
  });

  test('keeps how an identifier was spelled', () => {
    const spelled = ` ${owner.toLowerCase()} `;
    expect(taken(stated({ ...good, owner: spelled }))).toMatchObject({
      values: { owner },
      spellings: [{ field: 'owner', raw: spelled, normalised: owner, faults: [] }],
    });
  });

  test('with a bad optional identifier is kept without it, with the spelling and its faults', () => {
    expect(taken(stated({ ...good, guest: wrongId }))).toMatchObject({
      values: { guest: null },
      spellings: [{ field: 'guest', raw: wrongId, faults: ['CHECK_DIGIT'] }],
    });
  });

  test('of a removal is never held up, neither by a bad row nor by a missing one', () => {
    expect(taken(stated(null, { deleted: true })).values).toEqual({});
    expect(taken(stated({ no: '' }, { deleted: true })).values).toEqual({});
    expect(taken(stated(good, { deleted: true })).values).toMatchObject(good);
  });

  test.each(['', 'a\u0000b', 'line\nbreak'])('needs a source id that is text: %j is none', sourceId => {
    expect(rejects(stated(good, { sourceId }))).toEqual([{ field: 'sourceId', reason: 'is empty or no text' }]);
  });
});

describe('an item', () => {
  type Native = Statement[] | Error;
  const adapter = defineAdapter<z.ZodObject, Native>({
    agency: { code: 'test', title: { en: 'Test', zh: '测试' }, protocol: 'none' },
    version: '7',
    records: [Thing],
    hallRecords: [],
    modes: ['changes'],
    settings: z.object({}),
    pollEveryMs: 1,
    connect: () => ({}),
    map: native => {
      if (native instanceof Error) throw native;
      return native;
    },
  });
  const restater = new Restater(adapter);
  const item = (native: Native) => ({ raw: 'raw', native });

  test('is taken or parked as a whole, and never holds up the next', () => {
    const { records, parked } = restater.restate([
      item([stated(good), stated({ no: 'b' }, { sourceId: 's2' })]),
      item([stated(good, { sourceId: 's3' })]),
    ]);
    expect(records.map(r => r.statement.sourceId)).toEqual(['s3']);
    expect(parked).toEqual([
      expect.objectContaining({
        kind: 'Thing',
        sourceId: 's2',
        field: 'owner',
        reason: 'is missing',
        adapterVersion: '7',
      }),
    ]);
  });

  test('is parked with its bytes, its reason and what is known of it', () => {
    const { parked } = restater.restate([
      { raw: new Uint8Array([0xff, 0]), unreadable: { field: 'Row', reason: 'is short' } },
      item(new Rejection('CODE', 'is not known', 's9')),
      item(new RangeError('371482199001010018')),
      item([stated(good, { kind: 'Nothing' })]),
    ]);
    expect(parked.map(({ field, reason, sourceId }) => [field, reason, sourceId])).toEqual([
      ['Row', 'is short', null],
      ['CODE', 'is not known', 's9'],
      ['', expect.stringMatching(/^could not be restated: RangeError/), null],
      ['', 'is stated as Nothing, which the adapter does not declare', null],
    ]);
    expect([...parked[0]!.raw]).toEqual([0xff, 0]);
    expect(Buffer.from(parked[1]!.raw).toString()).toBe('raw');
  });

  test('of a full set counts as present even when it is parked, where its id is known', () => {
    const set = { name: 'all', kinds: ['Thing'], version: '1', complete: true };
    const { present } = restater.restate(
      [
        item([stated(good)]),
        item([stated({}, { sourceId: 'bad' })]),
        item(new Rejection('X', 'is wrong', 'worse')),
        item(new Rejection('X', 'is wrong')),
      ],
      set,
    );
    expect(present).toEqual(['s1', 'bad', 'worse'].map(sourceId => ({ kind: 'Thing', sourceId })));
  });
});
