/** What a test agency states over its life: puts, re-reports, removals, ties and bad spellings, about a few records. */
import type { Item } from '../../adapters/kit/contract.ts';
import { type Statement, versionOf } from '../../adapters/kit/statement.ts';
import type { Random } from '../../seeds/township/model.ts';
import { inventedCreditCode, inventedResidentId } from './invented-identifiers.ts';
import { type ScriptedAgency, type Told, tell } from './scripted-adapter.ts';

/**
 * The numbers are small, so that records of all kinds and agencies meet in the same persons, organisations and cases.
 */
const HOW_MANY = { persons: 7, organisations: 4, cases: 5, steps: 3, holdings: 12, groups: 5, awards: 6 };
const VERSIONS = 4;

type Data = Record<string, unknown>;

export class RandomStatements {
  constructor(
    private readonly agency: ScriptedAgency,
    private readonly random: Random,
  ) {}

  /** All items, in an order without meaning; some items come twice, and some hold two statements. */
  items(): Item<Told>[] {
    const items = this.records().flatMap(([kind, sourceId, data]) =>
      Array.from({ length: 1 + this.random.below(6) }, () => tell(this.statement(kind, sourceId, data))),
    );
    const pairs = Array.from({ length: 8 }, () =>
      tell(...[this.random.pick(items), this.random.pick(items)].flatMap(statementsOf)),
    );
    const again = items.filter(() => this.random.chance(0.1));
    const unchanged = items.flatMap(statementsOf).flatMap(statement => this.unchanged(statement));
    return [...items, ...pairs, ...again, ...unchanged];
  }

  /** States the same content again: under a newer version, or as true at another moment. */
  private unchanged(statement: Statement): Item<Told>[] {
    if (this.random.chance(0.7)) return [];
    const version = this.random.chance(0.5) ? versionOf(1 + this.random.below(VERSIONS)) : statement.version;
    return [tell({ ...statement, version, asOf: this.moment() })];
  }

  private records(): [kind: string, sourceId: string, data: () => Data][] {
    const { holding, group, award } = this.agency;
    const count = (n: number) => Array.from({ length: n }, (_, i) => i);
    return [
      ...count(HOW_MANY.holdings).map(n => record(holding.name, `h${n}`, () => this.holding(n))),
      ...count(HOW_MANY.groups).map(n => record(group.name, `g${n}`, () => this.group())),
      ...count(HOW_MANY.awards).map(n => record(award.name, `a${n}`, () => this.award(n))),
      ...count(HOW_MANY.cases).map(n => record('CaseReport', `r${n}`, () => this.caseReport(n))),
      ...count(HOW_MANY.cases * HOW_MANY.steps).map(n => record('Approval', `s${n}`, () => this.approval(n))),
      ...count(HOW_MANY.cases).map(n => record('CaseClosing', `c${n}`, () => this.closing(n))),
    ];
  }

  private statement(kind: string, sourceId: string, data: () => Data): Statement {
    const { random } = this;
    const version = versionOf(1 + random.below(VERSIONS));
    const asOf = random.chance(0.8) ? this.moment() : null;
    const deleted = random.chance(0.2);
    return { kind, sourceId, version, asOf, deleted, data: deleted && random.chance(0.5) ? null : data() };
  }

  private holding(n: number): Data {
    return {
      number: `H-${n}`,
      holderId: this.maybe(this.residentId()),
      holderName: this.maybe(this.name()),
      holderAddress: this.maybe(`房寺镇${this.random.below(3)}号`),
      area: this.maybe(`${this.random.below(3)}.50`),
      // Now and then a required field is missing, and an optional field is not a valid date.
      ...(this.random.chance(0.05) && { number: null }),
      since: this.random.chance(0.05) ? '2026-02-30' : '2026-02-28',
    };
  }

  private group(): Data {
    return {
      creditCode: this.spelt(inventedCreditCode(this.random.below(HOW_MANY.organisations))),
      name: this.name(),
      address: this.maybe(`${this.random.below(3)}号`),
      representativeName: this.maybe(this.name()),
      representativeId: this.maybe(this.residentId()),
    };
  }

  private award(n: number): Data {
    return {
      number: `A-${n}`,
      recipientId: this.residentId(),
      payerCode: this.maybe(inventedCreditCode(this.random.below(HOW_MANY.organisations))),
      edition: this.random.below(3),
      grade: this.random.pick(['FIRST', 'SECOND']),
      paid: this.random.chance(0.5),
      paidAt: this.maybe(this.moment()),
    };
  }

  private caseReport(n: number): Data {
    const { random } = this;
    return {
      caseNo: `NO-${n}`,
      matterCode: random.pick(['M-1', 'M-2']),
      matterEdition: this.maybe(1),
      title: this.maybe(this.name()),
      applicantKind: random.pick(['NATURAL_PERSON', 'ENTERPRISE']),
      applicantId: this.maybe(this.residentId()),
      applicantPersonName: this.maybe(this.name()),
      applicantCreditCode: this.maybe(inventedCreditCode(random.below(HOW_MANY.organisations))),
      applicantOrganisationName: this.maybe(this.name()),
      channel: random.pick(['WINDOW', 'ONLINE']),
      submittedAt: this.moment(),
      acceptedAt: this.maybe(this.moment()),
      dataVersion: 1,
    };
  }

  private approval(n: number): Data {
    const { random } = this;
    return {
      caseNo: `NO-${n % HOW_MANY.cases}`,
      stepNo: String(Math.floor(n / HOW_MANY.cases)),
      name: this.name(),
      type: random.pick(['STEP', 'STEP', 'CORRECTION', 'SPECIAL_PROCEDURE']),
      state: random.pick(['TODO', 'DONE']),
      outcome: this.maybe(random.pick(['AGREED', 'ACCEPTED', 'DISAGREED'])),
      startedAt: this.moment(),
      endedAt: this.maybe(this.moment()),
      final: random.chance(0.3),
      dataVersion: 1,
    };
  }

  private closing(n: number): Data {
    return {
      caseNo: `NO-${n}`,
      result: this.random.pick(['GRANTED', 'REFUSED', 'WITHDRAWN']),
      closedAt: this.moment(),
      dataVersion: 1,
    };
  }

  private maybe<T>(value: T): T | null {
    return this.random.chance(0.8) ? value : null;
  }

  private name(): string {
    return this.random.pick(['王建国', '李秀英', '张丽', '刘洋', '陈静']);
  }

  /** One of a few moments, in different time offsets. */
  private moment(): string {
    const hour = String(9 + this.random.below(4)).padStart(2, '0');
    return `2026-11-2${this.random.below(4)}T${hour}:30:00${this.random.pick(['+08:00', '+00:00'])}`;
  }

  private residentId(): string {
    const id = this.spelt(inventedResidentId(this.random.below(HOW_MANY.persons)));
    return this.random.chance(0.1) ? `${id.slice(0, -1)}?` : id;
  }

  private spelt(identifier: string): string {
    const draw = this.random.below(6);
    if (draw === 0) return identifier.toLowerCase();
    if (draw === 1) return `${identifier.slice(0, 6)} ${identifier.slice(6)}`;
    if (draw === 2) return identifier.replace(/\d/g, digit => String.fromCodePoint(0xff10 + Number(digit)));
    return identifier;
  }
}

const record = (kind: string, sourceId: string, data: () => Data): [string, string, () => Data] => [
  kind,
  sourceId,
  data,
];

const statementsOf = (item: Item<Told>): readonly Statement[] => ('native' in item ? item.native.statements : []);

/** The list in another order. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map(item => ({ item, place: random.below(2 ** 31) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** The list in pages of random sizes, at least one of them of a single item. */
export function cutIntoPages<T>(list: readonly T[], random: Random, most: number): T[][] {
  const pages = [list.slice(0, 1)];
  for (let from = 1; from < list.length; ) {
    const size = 1 + random.below(most);
    pages.push(list.slice(from, from + size));
    from += size;
  }
  return pages;
}
