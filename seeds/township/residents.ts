/** Households and the people in them, with resident ids that are valid and used once. */
import { residentIdCheck } from '../../adapters/kit/identifiers/resident-id.ts';
import { addDays, ageOn } from './days.ts';
import type { Random, Resident, Village } from './model.ts';
import { makePersonName, makeSurname, makeUyghurName } from './names.ts';

type Sex = Resident['sex'];
interface Member {
  readonly sex: Sex;
  readonly age: number;
  readonly relation: string;
  readonly surname: string;
}
interface Household {
  readonly no: string;
  readonly village: Village;
  readonly address: string;
  readonly migrant: boolean;
  readonly nation: string;
}

const COUNTY = '371482';
/** The county's code before it became a city; people keep the code under which they were first registered. */
const OLD_COUNTY = '372426';
const OTHER_COUNTIES = ['371424', '371481', '371502', '370126', '410923', '513433', '653101'];
const UYGHUR_NATION = '05';
const MINORITIES = ['03', '03', '03', '03', '02', '11', '15', UYGHUR_NATION];

export class ResidentMaker {
  private readonly usedIds = new Set<string>();

  constructor(
    private readonly random: Random,
    private readonly today: string,
    private readonly villages: readonly Village[],
  ) {}

  make(population: number): Resident[] {
    const residents: Resident[] = [];
    for (let serial = 1; residents.length < population; serial++) {
      const household = this.makeHousehold(serial);
      const members = this.makeMembers(household).slice(0, population - residents.length);
      const phone = this.makePhone();
      for (const member of members) residents.push(this.makeResident(member, household, phone));
    }
    return residents;
  }

  private makeHousehold(serial: number): Household {
    const { random, villages } = this;
    const village = serial <= villages.length ? villages[serial - 1]! : random.pick(villages);
    const migrant = random.chance(0.03);
    return {
      no: `371482101${String(serial).padStart(7, '0')}`,
      village,
      address: `山东省德州市禹城市房寺镇${village.name}${1 + random.below(300)}号`,
      migrant,
      nation: random.chance(migrant ? 0.2 : 0.02) ? random.pick(MINORITIES) : '01',
    };
  }

  /** The head of the household, their spouse, children at home and perhaps one or two parents. */
  private makeMembers({ migrant }: Household): Member[] {
    const { random } = this;
    const sex: Sex = random.chance(0.8) ? 'MALE' : 'FEMALE';
    const surname = makeSurname(random);
    const age = random.chance(0.22) ? 60 + random.below(28) : 23 + random.below(37);
    const members: Member[] = [{ sex, age, relation: '01', surname }];
    if (random.chance(0.82)) {
      const spouse: Sex = sex === 'MALE' ? 'FEMALE' : 'MALE';
      const spouseAge = Math.max(20, age - 3 + random.below(7));
      members.push({ sex: spouse, age: spouseAge, relation: '02', surname: makeSurname(random) });
    }
    const children = age < 25 || age > 66 ? 0 : random.below(4);
    for (let child = 0; child < children; child++) {
      const childAge = age - 22 - random.below(12);
      if (childAge < 0 || (childAge > 28 && random.chance(0.8))) continue;
      const boy = random.chance(0.52);
      members.push({ sex: boy ? 'MALE' : 'FEMALE', age: childAge, relation: boy ? '20' : '30', surname });
    }
    if (age < 60 && !migrant && random.chance(0.25)) {
      members.push({ sex: 'MALE', age: age + 22 + random.below(10), relation: '51', surname });
      if (random.chance(0.6)) {
        members.push({ sex: 'FEMALE', age: age + 21 + random.below(9), relation: '52', surname: makeSurname(random) });
      }
    }
    return members;
  }

  private makeResident({ sex, age, relation, surname }: Member, household: Household, phone: string): Resident {
    const { random } = this;
    const { nation, migrant } = household;
    const born = addDays(this.today, -Math.floor(age * 365.25) - random.below(365) - 1);
    return {
      residentId: this.makeId(born, sex, migrant),
      name: nation === UYGHUR_NATION ? makeUyghurName(random) : makePersonName(random, sex, surname),
      sex,
      born,
      nation,
      householdNo: household.no,
      relation,
      villageCode: household.village.code,
      address: household.address,
      phone: relation === '01' || age < 14 ? phone : this.makePhone(),
      diedOn: this.makeDeath(born),
      migrant,
    };
  }

  private makeId(born: string, sex: Sex, migrant: boolean): string {
    const { random } = this;
    let county = born < '1993-09-01' && random.chance(0.7) ? OLD_COUNTY : COUNTY;
    if (migrant || random.chance(0.04)) county = random.pick(OTHER_COUNTIES);
    for (;;) {
      // Stays below 996: the older 15-digit form reserved those for people born before 1900.
      const serial = 2 * random.below(497) + (sex === 'MALE' ? 1 : 2);
      const first17 = county + born.replaceAll('-', '') + String(serial).padStart(3, '0');
      const id = first17 + residentIdCheck(first17);
      if (this.usedIds.has(id)) continue;
      this.usedIds.add(id);
      return id;
    }
  }

  private makePhone(): string {
    const { random } = this;
    return `1${random.pick(['35', '37', '38', '50', '58', '59', '77', '86', '88', '99'])}${String(random.below(100_000_000)).padStart(8, '0')}`;
  }

  private makeDeath(born: string): string | null {
    const age = ageOn(born, this.today);
    const yearly = age >= 80 ? 0.08 : age >= 60 ? 0.02 : 0.001;
    if (age < 3 || !this.random.chance(yearly * 2)) return null;
    return this.random.day(addDays(this.today, -730), addDays(this.today, -1));
  }
}
