/** Market entities as rows of the register. */
import { creditCodeCheck } from '../../../adapters/kit/identifiers/credit-code.ts';
import type { Business, Random, Resident } from '../../township/model.ts';
import type { Speller, WireRow } from './spelling.ts';

export interface Entity {
  readonly pripid: string;
  readonly business: Business;
  readonly representative: { readonly name: string; readonly id: string; readonly phone: string };
  /** Its credit code; a sole trader from before the credit code may have none. */
  readonly creditCode: string;
  readonly scope: string;
  readonly phone: string;
  readonly termTo: string | null;
  readonly mismatched: boolean;
}

const TYPES: Record<Business['type'], string> = {
  COMPANY: '1130',
  SOLE_TRADER: '9500',
  COOPERATIVE: '9100',
  VILLAGE_COLLECTIVE: '',
};
/** The agriculture office registers these (N2…), so the market register does not hold them. */
export const isRegistered = (business: Business): boolean => business.type !== 'VILLAGE_COLLECTIVE';

const CODE_CHARACTERS = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const withWrongCheck = (code: string): string => {
  const right = CODE_CHARACTERS.indexOf(creditCodeCheck(code.slice(0, 17)));
  return code.slice(0, 17) + CODE_CHARACTERS.charAt((right + 1) % CODE_CHARACTERS.length);
};

export class EntityRows {
  private registered = 0;
  private readonly adults: readonly Resident[];

  constructor(
    private readonly random: Random,
    private readonly speller: Speller,
    residents: readonly Resident[],
  ) {
    this.adults = residents.filter(({ born, diedOn }) => born < '2000' && diedOn === null);
  }

  /** One entity for a business, or two when it was registered twice, with another representative. */
  register(business: Business): Entity[] {
    const { representativeId: id, representativeName: name, phone } = business;
    const entity = this.make(business, { id, name, phone });
    if (entity.creditCode !== business.creditCode || !this.speller.dice.commits('twoPripids')) return [entity];
    const other = this.random.pick(this.adults);
    return [entity, this.make(business, { id: other.residentId, name: other.name, phone: other.phone }, entity)];
  }

  private make(business: Business, representative: Entity['representative'], like?: Entity): Entity {
    const termTo = this.random.chance(0.4)
      ? `${Number(business.establishedOn.slice(0, 4)) + 20}${business.establishedOn.slice(4).replace('-02-29', '-02-28')}`
      : null;
    return {
      pripid: `3714820000${String(++this.registered).padStart(6, '0')}`,
      business,
      representative,
      creditCode: like?.creditCode ?? this.creditCodeOf(business),
      scope: `一般项目：${business.industry.section}${business.industry.class}类经营活动；凭营业执照依法自主开展经营活动`,
      phone: representative.phone,
      termTo,
      mismatched: this.speller.dice.commits('industryMismatch'),
    };
  }

  private creditCodeOf({ type, creditCode, registrationNo }: Business): string {
    const { dice } = this.speller;
    if (type === 'SOLE_TRADER' && registrationNo !== null && dice.commits('noCreditCode')) return '';
    return dice.commits('wrongCreditCode') ? withWrongCheck(creditCode) : creditCode;
  }

  /** The whole row at a given time. */
  row(entity: Entity, updatedAt: string): WireRow {
    const { business, representative } = entity;
    const { speller } = this;
    const row: WireRow = {
      PRIPID: entity.pripid,
      UNISCID: entity.creditCode,
      REGNO: business.registrationNo ?? '',
      ENTNAME: business.name,
      ENTTYPE: TYPES[business.type],
      LEREP: representative.name,
      CERTYPE: '10',
      CERNO: speller.residentId(representative.id),
      ...speller.capital(business.capitalYuan),
      REGCAPCUR: '156',
      ESTDATE: speller.day(business.establishedOn),
      OPFROM: speller.day(business.establishedOn),
      OPTO: entity.termTo === null ? speller.openEnd() : speller.day(entity.termTo),
      APPRDATE: speller.day(updatedAt.slice(0, 10)),
      OPSCOPE: entity.scope,
      DOM: business.address,
      DOMDISTRICT: business.villageCode,
      INDUSTRYPHY: entity.mismatched ? (business.industry.section === 'S' ? 'T' : 'S') : business.industry.section,
      INDUSTRYCO: business.industry.class,
      REGORG: speller.dice.commits('shortRegion') ? this.random.pick(['371482', '371482000']) : '371482000000',
      REGSTATE: this.stateOf(business),
      TEL: entity.phone,
      UPDATETIME: speller.moment(updatedAt),
      CD_OPERATION: 'U',
    };
    speller.disfigure(
      row,
      ['UNISCID', 'ENTNAME', 'LEREP', 'CERNO', 'DOM', 'REGSTATE', 'INDUSTRYPHY'],
      ['UNISCID', 'CERNO', 'INDUSTRYCO', 'REGNO', 'ESTDATE', 'TEL'],
      ['UNISCID', 'CERNO'],
    );
    return row;
  }

  private stateOf({ deregisteredOn }: Business): string | number {
    const words = this.speller.dice.commits('stateInWords');
    if (deregisteredOn !== null) return words ? this.random.pick(['注销', '已注销']) : this.speller.number(3);
    const active = ['存续（在营、开业、在册）', '在营（开业）企业', '存续', '开业'];
    return words ? this.random.pick(active) : this.speller.number(1);
  }
}
