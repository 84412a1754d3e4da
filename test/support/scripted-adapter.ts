/** A test agency: kinds about persons, organisations and cases, and a source that sends what a test has written. */
import { z } from 'zod';
import {
  type Adapter,
  type AgencySource,
  type Call,
  defineAdapter,
  type Item,
  type Page,
  type WholeSet,
} from '../../adapters/kit/contract.ts';
import { Approval, CaseClosing, CaseReport } from '../../adapters/kit/hall-kinds.ts';
import { creditCode } from '../../adapters/kit/identifiers/credit-code.ts';
import { residentId } from '../../adapters/kit/identifiers/resident-id.ts';
import { issuedNumber, publishedBusiness } from '../../adapters/kit/open-text.ts';
import {
  code as codeOf,
  codeTable,
  date,
  decimal,
  defineRecord,
  flag,
  instant,
  integer,
  organisation,
  person,
  type RecordKind,
  text,
} from '../../adapters/kit/record.ts';
import { Rejection, type Statement, versionOf } from '../../adapters/kit/statement.ts';

/** What the agency sends in one item. With a flaw, the adapter cannot restate the item until the adapter is mended. */
export interface Told {
  readonly statements: readonly Statement[];
  readonly flaw?: { readonly field: string; readonly reason: string; readonly sourceId?: string };
}

export const tell = (...statements: readonly Statement[]): Item<Told> => ({
  raw: JSON.stringify(statements),
  native: { statements },
});

export const tellFlawed = (flaw: Told['flaw'], ...statements: readonly Statement[]): Item<Told> => ({
  raw: JSON.stringify([flaw, statements]),
  native: { statements, flaw },
});

/** The n-th holding, which nobody holds unless the data says so. */
export const holdingStatement = (
  holding: Pick<RecordKind, 'name'>,
  n: number,
  data: Record<string, unknown> = {},
): Statement => ({
  kind: holding.name,
  sourceId: `h${n}`,
  version: versionOf(1),
  deleted: false,
  data: { number: `H-${n}`, ...data },
});

/**
 * A holding of land (of a person), a group (an organisation with a representative), an award (to a person, by a group).
 */
export interface ScriptedKinds {
  readonly holding: RecordKind;
  readonly group: RecordKind;
  readonly award: RecordKind;
}

function scriptedKinds(name: string): ScriptedKinds {
  const personal = { sensitivity: 'personal' } as const;
  const grade = codeTable(
    `${name}Grade`,
    { en: 'Grade', zh: '等级' },
    { FIRST: { en: 'First', zh: '一等' }, SECOND: { en: 'Second', zh: '二等' } },
  );
  return {
    holding: defineRecord(`${name}Holding`, {
      title: { en: 'Holding', zh: '承包地' },
      key: ['number'],
      about: { holder: person('holderId', { states: { name: 'holderName', address: 'holderAddress' } }) },
      fields: {
        number: text({ zh: '编号', ...issuedNumber }),
        holderId: text({ zh: '承包人身份号码', format: residentId, optional: true, mask: 'identity', ...personal }),
        holderName: text({ zh: '承包人', optional: true, mask: 'name', ...personal }),
        holderAddress: text({ zh: '住址', optional: true, mask: 'address', ...personal }),
        area: decimal({ zh: '面积', unit: 'mu', optional: true }),
        since: date({ zh: '承包日期', optional: true }),
      },
    }),
    group: defineRecord(`${name}Group`, {
      title: { en: 'Group', zh: '合作社' },
      key: ['creditCode'],
      about: {
        organisation: organisation('creditCode', {
          states: { name: 'name', address: 'address', representativeName: 'representativeName' },
        }),
        representative: person('representativeId', { states: { name: 'representativeName' } }),
      },
      fields: {
        creditCode: text({ zh: '统一社会信用代码', format: creditCode }),
        name: text({ zh: '名称', ...publishedBusiness }),
        address: text({ zh: '住所', optional: true, ...publishedBusiness }),
        representativeName: text({ zh: '负责人', optional: true, mask: 'name', ...personal }),
        representativeId: text({
          zh: '负责人身份号码',
          format: residentId,
          optional: true,
          mask: 'identity',
          ...personal,
        }),
      },
    }),
    award: defineRecord(`${name}Award`, {
      title: { en: 'Award', zh: '奖励' },
      key: ['number'],
      about: { recipient: person('recipientId'), payer: organisation('payerCode') },
      fields: {
        number: text({ zh: '编号', ...issuedNumber }),
        recipientId: text({ zh: '受奖人身份号码', format: residentId, mask: 'identity', ...personal }),
        payerCode: text({ zh: '出资单位代码', format: creditCode, optional: true }),
        edition: integer({ zh: '届次' }),
        grade: codeOf({ zh: '等级', table: grade }),
        paid: flag({ zh: '是否发放' }),
        paidAt: instant({ zh: '发放时间', optional: true }),
      },
    }),
  };
}

export interface ScriptedAgency extends ScriptedKinds {
  readonly adapter: Adapter;
  readonly source: ScriptedSource;
}

/** @param name the prefix of its kinds' names, which are unique in a catalog: `Orchard` */
export function scriptedAgency(code: string, name: string): ScriptedAgency {
  const kinds = scriptedKinds(name);
  const source = new ScriptedSource();
  const adapter = defineAdapter({
    agency: { code, title: { en: name, zh: '测试部门' }, protocol: 'a script' },
    version: '1',
    records: [kinds.holding, kinds.group, kinds.award],
    hallRecords: [CaseReport, Approval, CaseClosing],
    modes: ['changes', 'full'],
    settings: z.object({}),
    pollEveryMs: 5,
    connect: () => source,
    map: ({ statements, flaw }: Told) => {
      if (flaw) throw new Rejection(flaw.field, flaw.reason, flaw.sourceId);
      return statements;
    },
  });
  return { ...kinds, adapter, source };
}

/** The same agency with the next version of its adapter, which can read the flawed items. */
export const mended = (adapter: Adapter): Adapter => ({
  ...adapter,
  version: '2',
  map: ({ statements }: Told) => statements,
});

export interface ScriptedPage {
  readonly items: readonly Item<Told>[];
  readonly set?: WholeSet;
}

/** Returns its pages one after the other; the cursor is the number of pages that were read. */
export class ScriptedSource implements AgencySource<Told> {
  readonly pages: ScriptedPage[] = [];
  /** While it is set, it is thrown instead of an answer. */
  failure: Error | null = null;

  async changes(after: string | null, _limit: number, { signal }: Call): Promise<Page<Told>> {
    signal.throwIfAborted();
    if (this.failure) throw this.failure;
    const read = Number(after ?? 0);
    const page = this.pages[read];
    if (!page) return { items: [], next: String(read), done: true };
    return { ...page, next: String(read + 1), done: read + 1 === this.pages.length };
  }
}
