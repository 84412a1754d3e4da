import { describe, expect, test } from '@jest/globals';
import { creditCode } from '../../../adapters/kit/identifiers/credit-code.ts';
import { type CsvRow, parseCsv } from '../../../seeds/reference/parse-csv.ts';
import { type ReferenceNoun, readReference } from '../../../seeds/reference/read-reference.ts';

const reference = readReference();
const values = (noun: ReferenceNoun, column: string): string[] => reference[noun].map(row => row[column] ?? '');
const withOrigin = (origin: string): CsvRow[] => reference.PowerListEntry.filter(entry => entry.origin === origin);
const repeated = (list: readonly string[]): string[] => list.filter((value, index) => list.indexOf(value) !== index);
const isDay = (text = ''): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);

describe('the CSV reader', () => {
  test('reads quotes, escaped quotes, newlines in quotes and empty fields', () => {
    expect(parseCsv('a,b\r\n"1,""2""","x\ny"\n,\n', 'x.csv')).toEqual([
      { a: '1,"2"', b: 'x\ny' },
      { a: '', b: '' },
    ]);
    expect(parseCsv('a,b\n1,', 'x.csv')).toEqual([{ a: '1', b: '' }]);
  });

  test('names file and line of a wrong column count, counting the lines inside quotes', () => {
    expect(() => parseCsv('a,b\n"1\n1","2\n2"\n3\n', 'x.csv')).toThrow('x.csv:5: 1 columns where the header has 2');
    expect(() => parseCsv('a,b\n1,2,3\n', 'x.csv')).toThrow('x.csv:2: 3 columns');
  });

  test('refuses a quote out of place and a header without distinct names', () => {
    expect(() => parseCsv('a\n"1\n', 'x.csv')).toThrow('x.csv:2: a quote');
    expect(() => parseCsv('a\n1"2\n', 'x.csv')).toThrow('x.csv:2: a quote');
    expect(() => parseCsv('a,a\n', 'x.csv')).toThrow('x.csv:1:');
    expect(() => parseCsv('', 'x.csv')).toThrow('x.csv:1:');
  });
});

describe('the power list', () => {
  test('balances: 33 own, 64 devolved and 413 entrusted powers are 510', () => {
    expect(['OWN', 'DEVOLVED', 'ENTRUSTED'].map(origin => withOrigin(origin).length)).toEqual([33, 64, 413]);
    expect(reference.PowerListEntry).toHaveLength(510);
  });

  test('comes from exactly 18 bureaus, each of which hands powers down', () => {
    const bureaus = new Set(withOrigin('DEVOLVED').map(entry => entry.agencyCode));
    expect(bureaus.size).toBe(18);
    expect(withOrigin('ENTRUSTED').filter(entry => !bureaus.has(entry.agencyCode))).toEqual([]);
  });

  test('has distinct numbers and titles', () => {
    expect(repeated(values('PowerListEntry', 'number'))).toEqual([]);
    expect(repeated(values('PowerListEntry', 'title'))).toEqual([]);
  });

  test('lets the town act in its own name, except that the bureau stays the legal actor of what it entrusts', () => {
    for (const entry of reference.PowerListEntry) {
      expect(entry.handlingOrgCode).toBe('town');
      expect(entry.legalActorCode).toBe(entry.origin === 'ENTRUSTED' ? entry.agencyCode : 'town');
      expect(entry.delegationNo === '').toBe(entry.origin === 'OWN');
      expect(entry.agencyCode === 'town').toBe(entry.origin === 'OWN');
    }
  });

  test('entrusts no coercive measure, because the law on coercion (art. 17) forbids it', () => {
    expect(withOrigin('ENTRUSTED').filter(entry => entry.matterType === '03')).toEqual([]);
  });

  test('places every power from elsewhere under an effective delegation of its bureau whose term covers it', () => {
    const delegations = new Map(reference.Delegation.map(delegation => [delegation.number, delegation]));
    const uncovered = reference.PowerListEntry.filter(entry => entry.origin !== 'OWN').filter(entry => {
      const letter = delegations.get(entry.delegationNo);
      return !(
        letter !== undefined &&
        letter.delegatorCode === entry.agencyCode &&
        letter.kind === (entry.origin === 'DEVOLVED' ? 'COMMITMENT' : 'ENTRUSTMENT') &&
        letter.state === 'EFFECTIVE' &&
        letter.effectiveFrom! <= entry.validFrom! &&
        (letter.expiresOn === '' || (entry.validTo !== '' && entry.validTo! <= letter.expiresOn!))
      );
    });
    expect(uncovered).toEqual([]);
  });
});

describe('the delegations', () => {
  test('have a scope, two different parties and dates in their order', () => {
    for (const letter of reference.Delegation) {
      expect(letter.scope).not.toBe('');
      expect(letter.delegateCode).toBe('town');
      expect(letter.delegatorCode).not.toBe('town');
      const days = [letter.signedOn, letter.publishedOn, letter.effectiveFrom, letter.expiresOn || '9999-12-31'];
      expect(days).toEqual([...days].sort());
      expect(days.every(isDay)).toBe(true);
    }
  });

  test('name a term whenever they entrust', () => {
    const entrustments = reference.Delegation.filter(letter => letter.kind === 'ENTRUSTMENT');
    expect(entrustments.filter(letter => letter.expiresOn === '')).toEqual([]);
  });

  test('are one per bureau and kind at a time', () => {
    const effective = reference.Delegation.filter(letter => letter.state === 'EFFECTIVE');
    expect(repeated(effective.map(letter => `${letter.kind} ${letter.delegatorCode}`))).toEqual([]);
  });
});

describe('the references between files', () => {
  const references: [ReferenceNoun, string, ReferenceNoun, string][] = [
    ['Agency', 'successorCode', 'Agency', 'code'],
    ['Region', 'parentCode', 'Region', 'code'],
    ['Region', 'successorCode', 'Region', 'code'],
    ['Hall', 'regionCode', 'Region', 'code'],
    ['Outpost', 'agencyCode', 'Agency', 'code'],
    ['Outpost', 'employerCreditCode', 'Agency', 'creditCode'],
    ['Outpost', 'hostCreditCode', 'Agency', 'creditCode'],
    ['Outpost', 'evaluatedBy', 'Agency', 'code'],
    ['Outpost', 'hallCode', 'Hall', 'code'],
    ['Window', 'hallCode', 'Hall', 'code'],
    ['Window', 'outpostCode', 'Outpost', 'code'],
    ['Officer', 'outpostCode', 'Outpost', 'code'],
    ['Officer', 'employerCreditCode', 'Agency', 'creditCode'],
    ['Officer', 'workCreditCode', 'Agency', 'creditCode'],
    ['Matter', 'agencyCode', 'Agency', 'code'],
    ['Matter', 'hallCode', 'Hall', 'code'],
    ['PowerListEntry', 'agencyCode', 'Agency', 'code'],
    ['PowerListEntry', 'legalActorCode', 'Agency', 'code'],
    ['PowerListEntry', 'handlingOrgCode', 'Agency', 'code'],
    ['PowerListEntry', 'delegationNo', 'Delegation', 'number'],
    ['Delegation', 'delegatorCode', 'Agency', 'code'],
    ['Delegation', 'delegateCode', 'Agency', 'code'],
  ];

  test.each(references)('%s.%s resolves to %s.%s', (noun, column, target, key) => {
    const keys = new Set(values(target, key));
    expect(values(noun, column).filter(value => value !== '' && !keys.has(value))).toEqual([]);
  });

  test.each(['MatterMaterial', 'MatterFee'] as const)('%s resolves to an edition of a matter', noun => {
    const editions = new Set(reference.Matter.map(matter => `${matter.code} ${matter.edition}`));
    expect(reference[noun].filter(row => !editions.has(`${row.matterCode} ${row.matterEdition}`))).toEqual([]);
  });

  test.each([
    ['Agency', 'code'],
    ['Agency', 'creditCode'],
    ['Region', 'code'],
    ['Hall', 'code'],
    ['Outpost', 'code'],
    ['Window', 'code'],
    ['Officer', 'staffNo'],
    ['MatterMaterial', 'code'],
    ['MatterFee', 'code'],
    ['Delegation', 'number'],
  ] as const)('%s has a distinct and filled %s', (noun, column) => {
    const keys = values(noun, column);
    expect(keys.filter(key => key === '')).toEqual([]);
    expect(repeated(keys)).toEqual([]);
  });
});

describe('the organisations and places', () => {
  test('carry valid credit codes', () => {
    expect(values('Agency', 'creditCode').filter(code => creditCode.faults(code).length > 0)).toEqual([]);
  });

  test('have five outposts in three halls, staffed by their own agency and working for the town', () => {
    expect(reference.Hall).toHaveLength(3);
    const outposts = new Map(reference.Outpost.map(outpost => [outpost.code, outpost]));
    expect(values('Outpost', 'agencyCode').sort()).toEqual([
      'commerce',
      'food-drug',
      'human-resources',
      'land',
      'police',
    ]);
    for (const officer of reference.Officer) {
      const outpost = outposts.get(officer.outpostCode);
      expect(officer.employerCreditCode).toBe(outpost?.employerCreditCode);
      expect(officer.workCreditCode).toBe(outpost?.hostCreditCode);
      expect(officer.certificateNo === '').toBe(officer.certificateValidUntil === '');
    }
  });

  test('name a successor that starts after its predecessor did', () => {
    const agencies = new Map(reference.Agency.map(agency => [agency.code, agency]));
    const succeeded = reference.Agency.filter(agency => agency.successorCode !== '');
    expect(succeeded.map(agency => agency.code)).toEqual(['land', 'commerce', 'food-drug']);
    for (const agency of succeeded)
      expect(agencies.get(agency.successorCode)!.validFrom! > agency.validFrom!).toBe(true);
  });

  test('merge 36 of 87 villages into seven new communities, without a day between', () => {
    const regions = new Map(reference.Region.map(region => [region.code, region]));
    const villages = reference.Region.filter(region => region.level === 'VILLAGE');
    const merged = villages.filter(village => village.successorCode !== '');
    expect([villages.length, merged.length]).toEqual([87, 36]);
    expect(new Set(merged.map(village => village.successorCode)).size).toBe(7);
    for (const village of merged) {
      const community = regions.get(village.successorCode);
      expect(community?.level).toBe('COMMUNITY');
      expect(Date.parse(community!.validFrom!) - Date.parse(village.validTo!)).toBe(24 * 60 * 60 * 1000);
    }
    expect(villages.filter(village => (village.validTo === '') !== (village.successorCode === ''))).toEqual([]);
  });
});

describe('the matters', () => {
  test('never promise more working days than the statute allows, and none when handled at once', () => {
    for (const matter of reference.Matter) {
      expect(Number(matter.promisedDays)).toBeLessThanOrEqual(Number(matter.statutoryDays));
      expect(matter.handling).toBe(matter.promisedDays === '0' ? 'IMMEDIATE' : 'PROMISED');
      expect(matter.catalogCode).toMatch(new RegExp(`^(00|37)${matter.matterType}\\d{8}$`));
    }
  });

  test('number their editions from 1, let them follow each other by a day and keep one catalogue code', () => {
    const byCode = Map.groupBy(reference.Matter, matter => matter.code);
    for (const editions of byCode.values()) {
      expect(editions.map(({ edition }) => edition)).toEqual(editions.map((_, index) => String(index + 1)));
      expect(new Set(editions.map(({ catalogCode }) => catalogCode)).size).toBe(1);
      editions.slice(1).forEach((edition, index) => {
        expect(Date.parse(edition.validFrom!) - Date.parse(editions[index]!.validTo!)).toBe(24 * 60 * 60 * 1000);
      });
    }
  });

  test('all list a required material, and fees as decimal yuan', () => {
    const required = new Set(
      reference.MatterMaterial.filter(row => row.required === 'true').map(
        row => `${row.matterCode} ${row.matterEdition}`,
      ),
    );
    expect(reference.Matter.filter(matter => !required.has(`${matter.code} ${matter.edition}`))).toEqual([]);
    expect(values('MatterFee', 'amount').filter(amount => !/^\d+\.\d\d$/.test(amount))).toEqual([]);
  });

  test('include every code that the agency systems report', () => {
    const known = new Set(values('Matter', 'code'));
    const reported = {
      POL: ['HJ-001', 'HJ-002', 'HJ-003', 'JZ-001', 'SF-001'],
      LAND: ['ZJD-001', 'BDC-001', 'BDC-002', 'BDC-003'],
      COM: ['SL-001', 'SL-002', 'BG-001', 'ZX-001'],
      HR: ['CB-001', 'DY-001', 'JY-001'],
      FD: ['JY-001', 'JY-002', 'XZF-001', 'YP-001'],
    };
    for (const [agency, codes] of Object.entries(reported))
      for (const code of codes) expect(known).toContain(`${agency}-${code}`);
  });
});

test('every date is a day of the calendar and no validity ends before it starts', () => {
  for (const rows of Object.values(reference))
    for (const row of rows) {
      const days = [row.validFrom, row.validTo, row.certificateValidUntil].filter(
        day => day !== undefined && day !== '',
      );
      expect(days.filter(day => !isDay(day))).toEqual([]);
      if (row.validFrom && row.validTo) expect(row.validFrom <= row.validTo).toBe(true);
    }
});
