import { describe, expect, test } from '@jest/globals';
import { isObjectType } from 'graphql';
import { z } from 'zod';
import {
  type Adapter,
  about,
  code,
  codeTable,
  defineAdapter,
  defineRecord,
  issuedNumber,
  organisation,
  person,
  type RecordKind,
  residentId,
  text,
} from '../../adapters/kit/index.ts';
import { makeSchema, printHub } from '../../src/api/schema/schema.ts';
import { makeCatalog } from '../../src/catalog/catalog.ts';

const title = { en: 'Kind', zh: '类' };
const no = text({ zh: '编号', ...issuedNumber });

const adapterOf = (agency: string, ...records: readonly RecordKind[]): Adapter =>
  defineAdapter({
    agency: { code: agency, title: { en: agency, zh: '部门' }, protocol: 'none' },
    version: '1',
    records,
    hallRecords: [],
    modes: [],
    settings: z.object({}),
    pollEveryMs: 1000,
    connect: () => ({}),
    map: () => [],
  });

const schemaOf = (...adapters: readonly Adapter[]) => makeSchema(makeCatalog(adapters), adapters);

/** Two agencies of two towns use one name for different things. */
const state = (zh: string) => codeTable('PermitState', { en: 'State', zh }, { OPEN: { en: 'Open', zh } });
const forestPermit = defineRecord('Permit', {
  title: { en: 'Permit to fell trees', zh: '采伐许可' },
  key: ['no'],
  about: { holder: person('holderId') },
  fields: {
    no,
    holderId: text({ zh: '持证人', format: residentId, sensitivity: 'personal' }),
    state: code({ zh: '状态', table: state('林业状态') }),
  },
});
const waterPermit = defineRecord('Permit', {
  title: { en: 'Permit to draw water', zh: '取水许可' },
  key: ['well'],
  fields: { well: text({ zh: '水井' }), state: code({ zh: '状态', table: state('水利状态') }) },
});

test('two catalogs in one process give two schemas that know nothing of each other', () => {
  const nothing = printHub(schemaOf());
  const forest = schemaOf(adapterOf('forestry', forestPermit));
  const water = schemaOf(adapterOf('water', waterPermit));
  const printed = [forest, water].map(printHub);
  expect(printed[0]).toContain('采伐许可');
  expect(printed[0]).not.toMatch(/取水许可|水利状态|WELL_ASC/);
  expect(printed[1]).toContain('取水许可');
  expect(printed[1]).not.toMatch(/采伐许可|林业状态|HOLDER_ID_ASC/);
  for (const schema of [forest, water]) {
    const person = schema.getType('Person');
    const back = isObjectType(person) && 'permitsAsHolder' in person.getFields();
    expect(back).toBe(schema === forest);
  }
  // Neither derivation leaves anything behind, so the first schema can be built again unchanged.
  expect(printHub(schemaOf())).toBe(nothing);
  expect(printHub(schemaOf(adapterOf('forestry', forestPermit)))).toBe(printed[0]);
  expect(nothing).not.toContain('Permit');
});

test('a derivation that fails leaves nothing behind', () => {
  const before = printHub(schemaOf());
  const broken = defineRecord('Broken', { title, key: ['no'], fields: { no, '9 lives': text({ zh: '名' }) } });
  expect(() => printHub(schemaOf(adapterOf('strange', broken)))).toThrow();
  expect(printHub(schemaOf())).toBe(before);
});

describe('the catalog refuses conflicts, and names both sides', () => {
  const kind = (name: string, more: Partial<Parameters<typeof defineRecord>[1]> = {}): RecordKind =>
    defineRecord(name, { title, key: ['no'], fields: { no }, ...more } as never);
  const refusal = (...adapters: readonly Adapter[]) => {
    try {
      makeCatalog(adapters);
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing was refused';
  };

  test('two kinds of one name', () => {
    const message = refusal(adapterOf('forestry', forestPermit), adapterOf('water', waterPermit));
    for (const side of ['Permit', 'forestry', 'water']) expect(message).toContain(side);
  });

  test("a kind with the name of one of the hub's own kinds, or of the hall's", () => {
    expect(refusal(adapterOf('water', kind('Person')))).toMatch(/Person: .*the hub.*water/);
    expect(refusal(adapterOf('water', kind('Approval')))).toMatch(/Approval: .*the hall.*water/);
    expect(refusal(adapterOf('water', kind('Matter')))).toMatch(/Matter: .*the town.*water/);
  });

  test('two kinds of one plural', () => {
    const message = refusal(adapterOf('water', kind('Well'), kind('Spring', { plural: 'wells' })));
    for (const side of ['Well', 'Spring', 'wells']) expect(message).toContain(side);
  });

  test('two ways back of one name', () => {
    const of = (name: string) =>
      kind(name, { about: { holder: person('no', { inverse: 'waterRights' }) } as never, plural: `${name}List` });
    const message = refusal(adapterOf('water', of('Well'), of('Spring')));
    for (const side of ['Person', 'waterRights', 'Well', 'Spring']) expect(message).toContain(side);
  });

  test("a way back with the name of one of the noun's fields", () => {
    const well = kind('Well', { about: { holder: person('no', { inverse: 'name' }) } as never });
    const message = refusal(adapterOf('water', well));
    for (const side of ['Person', 'name', 'Well.holder']) expect(message).toContain(side);
  });

  test('a role with the name of a field of its own kind', () => {
    const well = kind('Well', { about: { no: person('no') } as never });
    const message = refusal(adapterOf('water', well));
    for (const side of ['Well', 'no']) expect(message).toContain(side);
  });

  test.each(['id', 'source', 'observedAt', 'asOf', 'spellings'])('a field called %s, as every type has one', name => {
    const message = refusal(adapterOf('water', kind('Well', { fields: { no, [name]: no } as never })));
    expect(message).toContain(`Well.${name}`);
    expect(message).toContain('the hub has a field of this name');
  });

  test('what is about a noun that does not exist', () => {
    const message = refusal(adapterOf('water', kind('Well', { about: { river: about('River')('no') } as never })));
    for (const side of ['Well.river', 'River']) expect(message).toContain(side);
  });

  test("what is about another agency's kind", () => {
    const pump = kind('Pump', { about: { well: about('Well')('no') } as never });
    const message = refusal(adapterOf('water', kind('Well'), pump));
    for (const side of ['Pump.well', 'Well']) expect(message).toContain(side);
  });

  test('a fact that the noun does not have', () => {
    const well = kind('Well', { about: { owner: organisation('no', { states: { colour: 'no' } }) } as never });
    const message = refusal(adapterOf('water', well));
    for (const side of ['Well.owner', 'Organisation.colour']) expect(message).toContain(side);
  });

  test('two code tables of one name', () => {
    const first = kind('Well', { fields: { no, state: code({ zh: '状态', table: state('甲') }) } as never });
    const second = kind('Spring', { fields: { no, state: code({ zh: '状态', table: state('乙') }) } as never });
    const message = refusal(adapterOf('water', first, second));
    for (const side of ['PermitState', 'Well.state', 'Spring.state']) expect(message).toContain(side);
  });

  test('a name that a derived type already has: its filter, its order, its page', () => {
    const message = refusal(adapterOf('water', kind('Well'), kind('WellOrder')));
    for (const side of ['WellOrder', 'Well']) expect(message).toContain(side);
  });
});
