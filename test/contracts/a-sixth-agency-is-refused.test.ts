import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  about,
  creditCode,
  date,
  defineAdapter,
  defineRecord,
  type Fields,
  organisation,
  person,
  residentId,
  text,
} from '../../adapters/kit/index.ts';
import type { About } from '../../adapters/kit/record.ts';
import { makeCatalog } from '../../src/catalog/catalog.ts';

/** The hub's refusal of an agency with a kind of record like this one; null when the hub accepts it. */
function refusalOf(
  kindAbout: Readonly<Record<string, About>>,
  fields: Fields,
  timeReveals: readonly string[] = [],
): string | null {
  const [key] = Object.keys(fields) as [string];
  const title = { en: 'Subsistence allowance', zh: '最低生活保障' };
  const kind = defineRecord('Allowance', { title, key: [key], about: kindAbout as never, timeReveals, fields });
  const adapter = defineAdapter({
    agency: { code: 'civil-affairs', title: { en: 'Civil affairs', zh: '民政所' }, protocol: 'none' },
    ...{ version: '1', records: [kind], hallRecords: [], modes: [], pollEveryMs: 1000 },
    settings: z.object({}),
    connect: () => ({}),
    map: () => [],
  });
  try {
    makeCatalog([adapter]);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const recipientId = text({ zh: '证件号', format: residentId, sensitivity: 'personal', mask: 'identity' });
const recipient = { recipient: person('recipientId') };
const says = { sensitivity: 'internal', why: 'It is one of three standard sentences.' } as const;

describe('text in a kind that is about a person', () => {
  const stateIt =
    /^Allowance\.remark is text in a kind .* sensitivity: 'personal', or 'public' or 'internal' with a why/;
  const caseNo = text({ zh: '办件编号', sensitivity: 'public', why: 'It is a number.' });
  const code = text({ zh: '信用代码', format: creditCode });
  /** Kinds keyed by the reason why they are about a person. */
  const kinds: Readonly<Record<string, [Readonly<Record<string, About>>, Fields]>> = {
    'it names one': [recipient, { recipientId }],
    'it belongs to a case': [{ case: about('Case')('caseNo') }, { caseNo }],
    'it has a personal field': [{}, { birthDate: date({ zh: '出生日期', sensitivity: 'personal' }) }],
    'a sole trader is a person': [{ payer: organisation('code') }, { code }],
  };
  test.each(Object.entries(kinds))('states its class, because %s', (_, [kindAbout, fields]) => {
    expect(refusalOf(kindAbout, { ...fields, remark: text({ zh: '备注' }) })).toMatch(stateIt);
    const open = text({ zh: '备注', sensitivity: 'internal' } as never);
    expect(refusalOf(kindAbout, { ...fields, remark: open })).toMatch(stateIt);
    expect(refusalOf(kindAbout, { ...fields, remark: text({ zh: '备注', sensitivity: 'personal' }) })).toBeNull();
    expect(refusalOf(kindAbout, { ...fields, remark: text({ zh: '备注', ...says }) })).toBeNull();
  });

  test('elsewhere it needs no class', () => {
    expect(refusalOf({}, { remark: text({ zh: '备注' }) })).toBeNull();
  });
});

describe('what is personal of a person', () => {
  test('is personal in any kind whose format identifies or reaches somebody', () => {
    const second = text({ zh: '监护人证件号', format: residentId, optional: true });
    expect(refusalOf(recipient, { recipientId, guardianId: second })).toBe(
      "Allowance.guardianId is a resident id, which is personal: write sensitivity: 'personal' and a mask for it",
    );
  });

  test('is personal where a record refers to the person by it', () => {
    const open = text({ zh: '证件号', format: residentId });
    expect(refusalOf(recipient, { recipientId: open })).toBe(
      "Allowance.recipientId is the key of Person.residentId, which is personal: write sensitivity: 'personal' and mask: 'identity' for Allowance.recipientId too",
    );
  });

  test('is personal where a record states it', () => {
    const stating = { recipient: person('recipientId', { states: { birthDate: 'bornOn' } }) };
    expect(refusalOf(stating, { recipientId, bornOn: date({ zh: '出生日期' }) })).toMatch(
      /^Allowance\.bornOn states Person\.birthDate, which is personal: write sensitivity: 'personal' .* for Allowance\.bornOn too$/,
    );
    const bornOn = date({ zh: '出生日期', sensitivity: 'personal' });
    expect(refusalOf(stating, { recipientId, bornOn })).toBeNull();
  });

  test('is personal for an organisation too', () => {
    const payer = { payer: organisation('code', { states: { representativeName: 'head' } }) };
    const code = text({ zh: '信用代码', format: creditCode });
    expect(refusalOf(payer, { code, head: text({ zh: '负责人', ...says }) })).toMatch(
      /^Allowance\.head states Organisation\.representativeName, which is personal/,
    );
  });
});

describe('what gives a personal fact away', () => {
  const remark = text({ zh: '备注', sensitivity: 'personal' });
  const since = (...reveals: string[]) => date({ zh: '开始日期', reveals });

  test('is personal without a declaration, and masked', () => {
    expect(since('Person.birthDate')).toMatchObject({ sensitivity: 'personal', mask: 'hidden' });
    expect(refusalOf(recipient, { recipientId, since: since('Person.birthDate', 'recipientId') })).toBeNull();
    expect(refusalOf(recipient, { recipientId, remark }, ['Person.birthDate', 'remark'])).toBeNull();
  });

  test('may not be declared open', () => {
    const open = date({ zh: '开始日期', sensitivity: 'internal', reveals: ['Person.birthDate'] });
    expect(refusalOf(recipient, { recipientId, since: open })).toBe(
      "Allowance.since reveals Person.birthDate, so it is personal: leave out its sensitivity 'internal'",
    );
  });

  test('must name facts that exist and are personal', () => {
    for (const nothing of ['Person.age', 'Nobody.birthDate', 'age']) {
      expect(refusalOf(recipient, { recipientId, since: since(nothing) })).toBe(
        `Allowance.since reveals ${nothing}, which is no field: name one as 'Kind.field', or one of Allowance`,
      );
    }
    expect(refusalOf(recipient, { recipientId, since: since('Case.state') })).toBe(
      'Allowance.since reveals Case.state, which is not personal: declare it so',
    );
    expect(refusalOf(recipient, { recipientId }, ['Case.state'])).toMatch(
      /^Allowance\.timeReveals reveals Case\.state/,
    );
  });
});
