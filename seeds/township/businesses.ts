/** Businesses of the town: sole traders, companies, co-operatives and one collective for each village. */
import { creditCodeCheck } from '../../adapters/kit/identifiers/credit-code.ts';
import { organisationCodeCheck } from '../../adapters/kit/identifiers/organisation-code.ts';
import { registrationNumberCheck } from '../../adapters/kit/identifiers/registration-number.ts';
import { addDays } from './days.ts';
import type { Business, Random, Resident, Village } from './model.ts';
import { makeTradeName } from './names.ts';

type Type = Business['type'];
interface Line {
  readonly section: string;
  readonly class: string;
  /** The word in the name for what the business does. */
  readonly word: string;
  readonly trade: Business['trade'];
}
const line = (code: string, word: string, trade: Business['trade'] = null): Line => ({
  section: code[0]!,
  class: code.slice(1),
  word,
  trade,
});

/** GB/T 4754-2017. */
const LINES: Record<Type, readonly Line[]> = {
  SOLE_TRADER: [
    line('F5212', '超市', 'FOOD_RETAIL'),
    line('F5213', '便利店', 'FOOD_RETAIL'),
    line('F5221', '粮油店', 'FOOD_RETAIL'),
    line('H6210', '饭店', 'CATERING'),
    line('H6220', '快餐店', 'CATERING'),
    line('C1411', '糕点坊', 'FOOD_WORKSHOP'),
    line('C1392', '豆制品加工坊', 'FOOD_WORKSHOP'),
    line('F5251', '药店', 'PHARMACY'),
    line('F5232', '服装店'),
    line('F5283', '五金建材店'),
    line('O8040', '理发店'),
    line('O8111', '汽车维修部'),
    line('G5431', '货运部'),
    line('F5281', '家电门市部'),
  ],
  COMPANY: [
    line('C1392', '豆制品有限公司', 'FOOD_WORKSHOP'),
    line('F5212', '商贸有限公司', 'FOOD_RETAIL'),
    line('F5251', '医药有限公司', 'PHARMACY'),
    line('H6210', '餐饮管理有限公司', 'CATERING'),
    line('C2110', '家具有限公司'),
    line('C3311', '金属结构有限公司'),
    line('F5165', '建材有限公司'),
    line('G5431', '物流有限公司'),
    line('E4720', '建筑工程有限公司'),
    line('I6513', '信息技术有限公司'),
  ],
  COOPERATIVE: [
    line('A0112', '小麦种植专业合作社'),
    line('A0141', '蔬菜种植专业合作社'),
    line('A0313', '奶牛养殖专业合作社'),
    line('A0521', '农机服务专业合作社'),
  ],
  VILLAGE_COLLECTIVE: [line('S9620', '股份经济合作社')],
};
const CLASS: Record<Type, string> = {
  COMPANY: '91',
  SOLE_TRADER: '92',
  COOPERATIVE: '93',
  VILLAGE_COLLECTIVE: 'N2',
};
const COUNTY = '371482';
const CODE_CHARACTERS = [...'0123456789ABCDEFGHJKLMNPQRTUWXY'];
/** From this day on new licences have only the credit code. */
const CREDIT_CODE_DAY = { COMPANY: '2015-10-01', SOLE_TRADER: '2016-12-01', COOPERATIVE: '2015-10-01' };

export class BusinessMaker {
  private readonly used = new Set<string>();
  private readonly adults: readonly Resident[];
  private registrations = 0;

  constructor(
    private readonly random: Random,
    private readonly today: string,
    private readonly villages: readonly Village[],
    residents: readonly Resident[],
  ) {
    const latest = addDays(today, -25 * 366);
    this.adults = residents.filter(({ born, diedOn }) => born < latest && born > '1950' && diedOn === null);
  }

  /** About `count` besides the collectives; none where the town has no adults. */
  make(count: number): Business[] {
    if (this.adults.length === 0) return [];
    const businesses = this.villages.map(village => this.makeBusiness('VILLAGE_COLLECTIVE', village));
    while (businesses.length < Math.max(count, this.villages.length)) {
      const draw = this.random.below(100);
      const type: Type = draw < 72 ? 'SOLE_TRADER' : draw < 95 ? 'COMPANY' : 'COOPERATIVE';
      businesses.push(this.makeBusiness(type, this.random.pick(this.villages)));
    }
    return businesses;
  }

  private makeBusiness(type: Type, village: Village): Business {
    const { random } = this;
    const representative = random.pick(this.adults);
    const { section, class: industryClass, word, trade } = random.pick(LINES[type]);
    const from = addDays(representative.born, 22 * 366);
    const start = type === 'VILLAGE_COLLECTIVE' ? '2018-01-01' : from < '1998-01-01' ? '1998-01-01' : from;
    const establishedOn = random.day(start, addDays(this.today, -30));
    const ends = type !== 'VILLAGE_COLLECTIVE' && random.chance(0.07);
    return {
      creditCode: this.makeCreditCode(type, establishedOn),
      registrationNo: this.makeRegistrationNo(type, establishedOn),
      name: this.makeName(type, village, word),
      type,
      representativeId: representative.residentId,
      representativeName: representative.name,
      phone: representative.phone,
      villageCode: village.code,
      address: `山东省德州市禹城市房寺镇${village.name}${random.pick(['中心街', '富民路', '商业街', '村委会'])}${1 + random.below(200)}号`,
      industry: { section, class: industryClass },
      capitalYuan: this.makeCapital(type),
      establishedOn,
      deregisteredOn: ends ? random.day(addDays(establishedOn, 20), addDays(this.today, -1)) : null,
      trade,
    };
  }

  private makeName(type: Type, village: Village, word: string): string {
    if (type === 'VILLAGE_COLLECTIVE') return `禹城市房寺镇${village.name}${word}`;
    for (let extra = ''; ; extra += makeTradeName(this.random)) {
      const place = type === 'SOLE_TRADER' ? '禹城市房寺镇' : this.random.pick(['禹城市', '德州', '山东']);
      const name = place + makeTradeName(this.random) + extra + word;
      if (this.used.has(name)) continue;
      this.used.add(name);
      return name;
    }
  }

  private makeCapital(type: Type): number {
    const { random } = this;
    if (type === 'SOLE_TRADER') return 10_000 * (1 + random.below(20));
    if (type === 'COOPERATIVE') return 100_000 * (1 + random.below(30));
    if (type === 'VILLAGE_COLLECTIVE') return 100_000 * (1 + random.below(80));
    return random.pick([500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 35_000_000]);
  }

  private makeCreditCode(type: Type, establishedOn: string): string {
    const head = type === 'VILLAGE_COLLECTIVE' ? 'MF' : establishedOn < '2015-10-01' ? '' : 'MA';
    for (;;) {
      let first8 = head;
      while (first8.length < 8) {
        first8 += head === 'MA' ? this.random.pick(CODE_CHARACTERS) : String(this.random.below(10));
      }
      const first17 = CLASS[type] + COUNTY + first8 + organisationCodeCheck(first8);
      if (this.used.has(first8)) continue;
      this.used.add(first8);
      return first17 + creditCodeCheck(first17);
    }
  }

  private makeRegistrationNo(type: Type, establishedOn: string): string | null {
    if (type === 'VILLAGE_COLLECTIVE' || establishedOn >= CREDIT_CODE_DAY[type]) return null;
    const serial = String(++this.registrations).padStart(7, '0');
    const first14 = `${COUNTY}${type === 'SOLE_TRADER' ? '6' : '2'}${serial}`;
    return first14 + registrationNumberCheck(first14);
  }
}
