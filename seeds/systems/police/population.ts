/** The police's answers about single people: entries, cards, permits. They are never listed, only asked for. */
import { addDays, ageOn, daysBetween } from '../../township/days.ts';
import type { Random, Resident, Township } from '../../township/model.ts';
import { makePersonName } from '../../township/names.ts';
import { makeRandom } from '../../township/random.ts';
import type { Faults } from './faults.ts';

export type LiveKind = 'Resident' | 'IdentityCard' | 'ResidencePermit';
type Values = Record<string, string>;

const NATION_WORDS: Record<string, string> = {
  '01': '汉族',
  '02': '蒙古族',
  '03': '回族',
  '05': '维吾尔族',
  '11': '满',
};
const compact = (day: string): string => day.replaceAll('-', '');
const OPEN_END = '99999999999999';

export class Population {
  private readonly byId: Map<string, Resident>;

  constructor(
    private readonly town: Township,
    private readonly seed: number,
    private readonly faults: Faults,
    private readonly registeredDeaths: ReadonlySet<string>,
  ) {
    this.byId = new Map(town.residents.map(resident => [resident.residentId, resident]));
  }

  add(resident: Resident): void {
    this.byId.set(resident.residentId, resident);
  }

  /** The rows about a person; the same at each query. */
  rowsOf(kind: LiveKind, id: string): Values[] {
    const person = this.byId.get(id);
    if (!person) return [];
    const random = makeRandom(this.seed, `police ${kind} ${id}`);
    if (kind === 'Resident') return this.entries(person, random);
    return kind === 'IdentityCard' ? this.cards(person, random) : this.permits(person, random);
  }

  /** Writes a period, in some rows with its ends swapped. */
  private period(random: Random, names: readonly [string, string], from: string, until: string): Values {
    const [start, end] = this.faults.wouldCommit('swappedPeriod', random) ? [until, from] : [from, until];
    return { [names[0]]: start, [names[1]]: end };
  }

  private entries(person: Resident, random: Random): Values[] {
    if (person.migrant) return [];
    const { residentId: id, born, nation } = person;
    const dead = this.registeredDeaths.has(id);
    const since = random.day(born, this.town.today);
    const serial = `C${random.below(1e9)}`;
    const entry: Values = {
      XH: serial,
      GXSJ: `${compact(since)}101500`,
      GMSFHM: id.endsWith('X') && this.faults.wouldCommit('lowerCaseX', random) ? id.toLowerCase() : id,
      XM: this.dotted(person.name, random),
      ZYM: '',
      XB: person.sex === 'MALE' ? '1' : '2',
      MZ: this.faults.wouldCommit('nationAsWord', random) ? (NATION_WORDS[nation] ?? nation) : nation,
      CSRQ: compact(born),
      HH: person.householdNo,
      YHZGX: person.relation,
      JCWH: person.villageCode,
      MLXZ: person.address,
      RYZT: dead ? '1' : '0',
      CXBZ: dead ? '1' : '0',
      JLBZ: '1',
      PCS: '房寺派出所',
      ...this.period(random, ['QYSJ', 'JSSJ'], `${compact(since)}000000`, OPEN_END),
    };
    if (!this.faults.wouldCommit('formerEntry', random)) return [entry];
    const former: Values = {
      ...entry,
      XH: `${serial}H`,
      GXSJ: `${compact(born)}101500`,
      XM: makePersonName(random, person.sex),
      JLBZ: '2',
      QYSJ: `${compact(born)}000000`,
      JSSJ: `${compact(since)}000000`,
    };
    return random.chance(0.5) ? [former, entry] : [entry, former];
  }

  private dotted(name: string, random: Random): string {
    return name.includes('·') && this.faults.wouldCommit('middleDot', random) ? name.replace('·', '•') : name;
  }

  private cards(person: Resident, random: Random): Values[] {
    const { residentId: id, born } = person;
    const age = ageOn(born, this.town.today);
    if (age < 16) return [];
    const issued = addDays(
      this.town.today,
      -random.below(Math.min(3000, daysBetween(born, this.town.today) - 16 * 365)),
    );
    const ageThen = ageOn(born, issued);
    const years = ageThen < 26 ? 10 : 20;
    const until = ageThen >= 46 ? random.pick(['长期', OPEN_END]) : compact(addDays(issued, years * 365));
    return [
      {
        XH: `Z${random.below(1e9)}`,
        GXSJ: `${compact(issued)}143000`,
        SLH: `371482101${issued.slice(0, 4)}${String(random.below(1e6)).padStart(6, '0')}`,
        GMSFHM: id,
        XM: this.dotted(person.name, random),
        BZLX: ageThen < 18 ? '1' : random.pick(['2', '2', '2', '3']),
        QFJG: person.migrant ? '外地公安局' : '禹城市公安局',
        ...this.period(random, ['YXQXQSRQ', 'YXQXJZRQ'], compact(issued), until),
      },
    ];
  }

  private permits(person: Resident, random: Random): Values[] {
    if (!person.migrant) return [];
    const permit = (from: string, serial: number): Values => ({
      XH: `J${random.below(1e9)}`,
      GXSJ: `${compact(from)}090000`,
      JZZH: `JZ371482${from.slice(0, 4)}${String(serial).padStart(6, '0')}`,
      GMSFHM: person.residentId,
      XM: this.dotted(person.name, random),
      JCWH: person.villageCode,
      JZDZ: person.address,
      FZXM: makePersonName(random, 'MALE'),
      JZSY: random.pick(['1', '2', '3', '4', '9']),
      LXDH: person.phone,
      ...this.period(random, ['YXQXQSRQ', 'YXQXJZRQ'], compact(from), compact(addDays(from, 365))),
    });
    const from = random.day(addDays(this.town.today, -700), addDays(this.town.today, -1));
    const permits = [permit(from, random.below(1e6))];
    // The person was registered again under the same telephone number and got a second permit.
    if (this.faults.wouldCommit('secondPermit', random)) permits.push(permit(addDays(from, -300), random.below(1e6)));
    return permits;
  }
}
