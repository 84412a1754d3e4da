/** The source records of W5, as lines of JSON: registrations of insured people, and cases in their parts. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import humanResources from '../../adapters/human-resources/adapter.ts';
import { InsuredPerson } from '../../adapters/human-resources/records.ts';
import { type Adapter, defineAdapter, type Item, type Page } from '../../adapters/kit/contract.ts';
import { Approval, CaseClosing, CaseReport } from '../../adapters/kit/hall-kinds.ts';
import { put, type Statement, versionOf } from '../../adapters/kit/statement.ts';
import { creditCodeOf, residentIdOf } from './town-tables.ts';

/** `first`: nobody knows the records. `again`: the same once more. `changed`: every record says something new. */
export const passes = ['first', 'again', 'changed'] as const;
export type Pass = (typeof passes)[number];

interface Native {
  readonly kind: string;
  readonly sourceId: string;
  readonly version: number;
  readonly data: Readonly<Record<string, unknown>>;
}

const pad = (n: number, width: number) => String(n).padStart(width, '0');
const spread = (n: number) => Math.imul(n + 1, 2_654_435_761) >>> 0;
const kinds = new Map([InsuredPerson, CaseReport, Approval, CaseClosing].map(kind => [kind.name, kind]));
const insuranceKinds = Object.keys(InsuredPerson.fields.insuranceKind.table!.values);

/** Of ten records six are registrations, and four are one case: its report, two steps and its closing. */
export function ingestLine(n: number, count: number, pass: Pass): string {
  const changed = pass === 'changed';
  const version = changed ? 2 : 1;
  const place = n % 10;
  const caseNo = `BJ37148200${pad(Math.floor(n / 10), 8)}`;
  const native: Omit<Native, 'version'> =
    place < 6
      ? insured(n, count, changed)
      : place === 6
        ? report(n, count, caseNo, changed)
        : place === 9
          ? closing(caseNo, changed)
          : step(caseNo, place - 6, changed);
  return JSON.stringify({ ...native, version });
}

function insured(n: number, count: number, changed: boolean) {
  const who = spread(n) % (count / 2);
  const unit = spread(n * 3) % (count / 100);
  const id = residentIdOf(who);
  const data = {
    personNo: `P${pad(who, 8)}`,
    // Files sometimes write it in lower case or with a space.
    residentId: n % 50 === 0 ? ` ${id.toLowerCase()}` : id,
    name: nameOf(who),
    sex: Number(id[16]) % 2 ? 'MALE' : 'FEMALE',
    birthDate: `${id.slice(6, 10)}-${id.slice(10, 12)}-${id.slice(12, 14)}`,
    unitNo: `U${pad(unit, 6)}`,
    unitCreditCode: creditCodeOf(unit),
    unitName: `禹城${unit}商贸有限公司`,
    regionCode: '371482100001',
    insuranceKind: insuranceKinds[n % insuranceKinds.length],
    status: changed ? 'PAUSED' : 'NORMAL',
    insuredSince: '2015-03-01',
    handledAt: '2026-11-02T09:30:00+08:00',
  };
  return { kind: InsuredPerson.name, sourceId: `S${pad(n, 9)}`, data };
}
const surnames = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗'];
const given = [...'伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂'];
const nameOf = (n: number) =>
  surnames[n % surnames.length]! + given[spread(n) % given.length]! + given[spread(n * 7) % given.length]!;

const report = (n: number, count: number, caseNo: string, changed: boolean) => ({
  kind: CaseReport.name,
  sourceId: caseNo,
  data: {
    caseNo,
    matterCode: `M${pad(n % 510, 4)}`,
    matterEdition: 1,
    title: changed ? '补正后的申请' : '申请',
    applicantKind: 'NATURAL_PERSON',
    applicantPersonName: nameOf(spread(n) % (count / 2)),
    applicantId: residentIdOf(spread(n) % (count / 2)),
    channel: 'WINDOW',
    submittedAt: '2026-11-02T01:00:00Z',
    acceptedAt: '2026-11-02T02:00:00Z',
    promisedOn: '2026-11-30',
    regionCode: '371482100001',
    dataVersion: changed ? 2 : 1,
  },
});
const step = (caseNo: string, place: number, changed: boolean) => ({
  kind: Approval.name,
  sourceId: `${caseNo}@${place}`,
  data: {
    caseNo,
    stepNo: String(place),
    name: place === 1 ? '受理' : '审查',
    type: 'STEP',
    state: 'DONE',
    outcome: place === 1 ? 'ACCEPTED' : 'AGREED',
    handlerName: '王伟',
    opinion: changed ? '同意，已复核' : '同意',
    startedAt: '2026-11-02T02:00:00Z',
    endedAt: '2026-11-03T02:00:00Z',
    final: place === 2,
    dataVersion: changed ? 2 : 1,
  },
});
const closing = (caseNo: string, changed: boolean) => ({
  kind: CaseClosing.name,
  sourceId: caseNo,
  data: {
    caseNo,
    result: changed ? 'REFUSED' : 'GRANTED',
    closedAt: '2026-11-04T02:00:00Z',
    dataVersion: changed ? 2 : 1,
  },
});

const toStatement = ({ kind, sourceId, version, data }: Native): readonly Statement[] => [
  put(kinds.get(kind)!, { sourceId, version: versionOf(version), asOf: '2026-11-05T02:00:00Z' }, data as never),
];

/** This many lines are parsed together, because they arrive in pieces, as those of a file do. */
const pieceSize = 50;

/**
 * The human-resources outpost as if it reported cases too, read from lines in memory; reports from which line on it is
 * read.
 */
export function ingestAdapter(lines: readonly string[], onAsked: (from: number) => void): Adapter {
  const changes = async (after: string | null, limit: number): Promise<Page<Native>> => {
    const from = Number(after ?? 0);
    onAsked(from);
    const items: Item<Native>[] = [];
    const to = Math.min(from + limit, lines.length);
    for (let at = from; at < to; at += pieceSize) {
      for (const raw of lines.slice(at, Math.min(at + pieceSize, to))) items.push({ raw, native: JSON.parse(raw) });
      await setImmediate();
    }
    return { items, next: String(to), done: to >= lines.length };
  };
  return defineAdapter({
    ...humanResources,
    hallRecords: [CaseReport, Approval, CaseClosing],
    settings: z.object({}),
    pollEveryMs: 1,
    connect: () => ({ changes }),
    map: toStatement,
  });
}
