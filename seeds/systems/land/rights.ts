/** The registry of rights (不动产登记): a certificate for most parcels, some passed on, some encumbered. */
import { addDays } from '../../township/days.ts';
import type { Plot, Random, Township } from '../../township/model.ts';
import { type Account, type Backlog, type Columns, rowGuid, type Version } from './exchange-log.ts';
import type { FaultName } from './fault-rates.ts';
import { shortUnit, spacedUnit, spellDay, spellNumber } from './spelling.ts';

const RIGHT_OF: Record<Plot['kind'], string> = { HOMESTEAD: '6', CONSTRUCTION: '4', CONTRACTED: '9' };
const DAY_BEFORE_FIRST = '2016-01-04';

interface Holder {
  readonly name: string;
  readonly number: string;
}

/** Faults that make a row unreadable, and how. */
const UNREADABLE: readonly (readonly [FaultName, (columns: Columns) => Columns])[] = [
  ['shortRightUnit', columns => ({ ...columns, bdcdyh: shortUnit(String(columns.bdcdyh).replaceAll(' ', '')) })],
  ['impossibleDate', columns => ({ ...columns, djsj: '2023-02-30' })],
  ['unknownStatus', columns => ({ ...columns, qszt: '7' })],
];

export class RightsRegistry {
  private readonly names: ReadonlyMap<string, string>;
  private readonly households: ReadonlyMap<string, readonly Holder[]>;
  private serial = 0;
  /** Some current rights, which later days may change. */
  readonly current: { guid: string; columns: Columns }[] = [];

  constructor(
    private readonly account: Account,
    private readonly random: Random,
    private readonly town: Township,
  ) {
    const { residents, businesses } = town;
    this.names = new Map([
      ...residents.map(({ residentId, name }) => [residentId, name] as const),
      ...businesses.map(({ creditCode, name }) => [creditCode, name] as const),
    ]);
    const members = Map.groupBy(residents, resident => resident.householdNo);
    const household = (householdNo: string): Holder[] =>
      members.get(householdNo)!.map(({ residentId: number, name }) => ({ number, name }));
    const heads = residents.filter(({ relation }) => relation === '01');
    this.households = new Map(heads.map(head => [head.residentId, household(head.householdNo)]));
  }

  register(backlog: Backlog, plot: Plot): void {
    const { random, town } = this;
    const day = random.day(DAY_BEFORE_FIRST, addDays(town.today, -60));
    const { guid, columns } = this.certificate(plot, day, '100');
    for (const [fault, spoil] of UNREADABLE) {
      if (!this.account.commits(fault)) continue;
      backlog.tellUnreadable('bdcdj', guid, { operation: 'I', at: `${day} 22:00:00`, columns: spoil(columns) });
      return;
    }
    const versions: Version[] = [{ operation: 'I', at: `${day} 22:00:00`, columns }];
    const at = `${random.day(day, addDays(town.today, -2))} 22:00:00`;
    const fate = random.below(100);
    if (fate < 6) {
      versions.push({ operation: 'U', at, columns: { ...columns, qszt: '2' } });
      const next = this.certificate(plot, at.slice(0, 10), '200');
      backlog.tell('bdcdj', next.guid, [{ operation: 'I', at, columns: next.columns }]);
    } else if (fate < 10) {
      versions.push({ operation: 'U', at, columns: { ...columns, dyaq: '1' } });
    } else if (fate === 10) {
      versions.push({ operation: 'D', at, columns: this.account.commits('bareDeletion') ? {} : columns });
    } else if (this.current.length < 200) this.current.push({ guid, columns });
    if (versions[1]?.at === versions[0]!.at) this.account.count('sameTime');
    backlog.tell('bdcdj', guid, versions);
  }

  /** A new certificate: its row's id and its columns. */
  certificate(plot: Plot, day: string, registrationKind: string): { guid: string; columns: Columns } {
    const { account, random } = this;
    this.serial++;
    const number = `鲁(${day.slice(0, 4)})禹城市不动产权第${String(this.serial).padStart(7, '0')}号`;
    const holders = this.holdersOf(plot);
    const unit = account.commits('spacedUnit') ? spacedUnit(plot.unitCode) : plot.unitCode;
    return {
      guid: rowGuid('bdcdj', number),
      columns: {
        bdcqzh: random.chance(0.1) ? number.replace('(', '（').replace(')', '）') : number,
        bdcdyh: unit,
        ...this.spellHolders(holders),
        gyfs: holders.length > 1 ? random.pick(['1', '共同共有', '2']) : '0',
        qllx: RIGHT_OF[plot.kind],
        djlx: registrationKind,
        djsj: spellDay(account, random, day),
        qszt: '1',
        dyaq: random.chance(0.03) ? '1' : '0',
        cfdj: random.chance(0.005) ? '是' : '0',
      },
    };
  }

  private holdersOf({ holderIds }: Plot): Holder[] {
    const holders = holderIds.map(number => ({ number, name: this.names.get(number) ?? '' }));
    const others = this.households.get(holderIds[0]!)?.filter(({ number }) => !holderIds.includes(number)) ?? [];
    if (others.length === 0 || !this.account.commits('manyHolders')) return holders;
    return [...holders, ...others].slice(0, 4);
  }

  private spellHolders(holders: readonly Holder[]): Columns {
    const { account, random } = this;
    const numbers = holders.map(({ number }) => spellNumber(account, number));
    if (holders.length > 1) {
      account.count('severalHolders');
      const separator = random.pick(['、', ',', '；', ' ']);
      const given = account.commits('missingNumber') ? numbers.slice(0, 1) : numbers;
      return { qlr: holders.map(({ name }) => name).join(separator), qlrzjh: given.join(separator) };
    }
    const { name } = holders[0]!;
    const spread = [...name].length === 2 && account.commits('spreadName');
    return { qlr: spread ? [...name].join('　') : name, qlrzjh: numbers[0]! };
  }
}
