/** The licences of the town's food and drug businesses: JY, SC, drug licences, local registrations, and old numbers. */
import { foodLicenceCheck } from '../../../adapters/kit/identifiers/food-licence.ts';
import { addDays } from '../../township/days.ts';
import type { Business, Random, Township } from '../../township/model.ts';
import { type Cells, personInstead, type Row } from './row.ts';

export interface Licence {
  readonly id: string;
  readonly business: Business;
  readonly number: string;
  /** The number from before 2016 that it replaced, where there was one. */
  readonly oldNumber: string | null;
  readonly type: string;
  readonly scope: string;
  /** 1 有效, 2 暂停, 3 过期, 4 注销. */
  readonly state: string;
  readonly issuedOn: string;
  /** Null for 长期. */
  readonly validUntil: string | null;
  /** The case in which it was granted, where that is known. */
  readonly caseNo: string | null;
  readonly dataVersion: number;
  readonly changedAt: string;
}

interface Numbering {
  readonly type: string;
  readonly scope: string;
  number(serial: number): string;
  oldNumber(serial: number): string;
}
const COUNTY = '371482';
const padded = (serial: number, length: number) => String(serial).padStart(length, '0');
const checked = (prefix: string, first13: string) => prefix + first13 + foodLicenceCheck(first13);

const NUMBERINGS: Record<NonNullable<Business['trade']>, Numbering> = {
  FOOD_RETAIL: {
    type: '食品经营许可证',
    scope: '预包装食品销售；散装食品销售',
    number: serial => checked('JY', `1${COUNTY}${padded(serial, 6)}`),
    oldNumber: serial => `SP${COUNTY}13100${padded(serial, 5)}`,
  },
  CATERING: {
    type: '食品经营许可证',
    scope: '热食类食品制售；冷食类食品制售',
    number: serial => checked('JY', `2${COUNTY}${padded(serial, 6)}`),
    oldNumber: serial => `鲁餐证字（2013）${COUNTY}-${padded(serial, 6)}`,
  },
  FOOD_WORKSHOP: {
    type: '食品生产许可证',
    scope: '糕点；豆制品',
    number: serial => checked('SC', `124${COUNTY}${padded(serial % 10_000, 4)}`),
    oldNumber: serial => `QS${COUNTY}01${padded(serial, 4)}`,
  },
  PHARMACY: {
    type: '药品经营许可证',
    scope: '中成药；化学药制剂；抗生素制剂；生物制品（除疫苗）',
    number: serial => `鲁D${serial % 2 ? 'A' : 'B'}534${padded(serial % 10_000, 4)}`,
    oldNumber: serial => `鲁禹药零字第${padded(serial, 6)}号`,
  },
};
const WORKSHOP_REGISTRATION: Numbering = {
  ...NUMBERINGS.FOOD_WORKSHOP,
  type: '食品小作坊登记证',
  number: serial => `鲁坊登字${COUNTY}${padded(serial, 6)}号`,
};

const numberingOf = ({ trade, type }: Business): Numbering =>
  trade === 'FOOD_WORKSHOP' && type === 'SOLE_TRADER' ? WORKSHOP_REGISTRATION : NUMBERINGS[trade!];

const STATES: Readonly<Record<string, string>> = { 1: '有效', 2: '暂停', 3: '过期', 4: '注销' };
const FIVE_YEARS_DAYS = 5 * 365;

/** The granted case of a business, by its credit code. */
export type Grants = ReadonlyMap<string, { readonly caseNo: string; readonly day: string }>;
interface Issue {
  readonly business: Business;
  readonly serial: number;
  readonly grant: { readonly caseNo: string; readonly day: string } | undefined;
}

function makeLicence(town: Township, random: Random, { business, serial, grant }: Issue): Licence {
  const { type, scope, number, oldNumber } = numberingOf(business);
  const earliest = business.establishedOn > '2019-01-01' ? business.establishedOn : '2019-01-01';
  const issuedOn = grant?.day ?? random.day(earliest, addDays(town.today, -2));
  const longTerm = type === '食品小作坊登记证' && random.chance(0.5);
  const validUntil = longTerm ? null : addDays(issuedOn, FIVE_YEARS_DAYS);
  const expired = validUntil !== null && validUntil < town.today;
  // Some businesses that the registry has struck off still hold a valid licence: the hub should show this.
  const cancelled = business.deregisteredOn !== null && random.chance(0.6);
  return {
    id: `XKZ${padded(serial, 7)}`,
    business,
    number: number(serial),
    oldNumber: business.establishedOn < '2015-10-01' ? oldNumber(serial) : null,
    type,
    scope,
    state: cancelled ? '4' : expired ? '3' : random.chance(0.02) ? '2' : '1',
    issuedOn,
    validUntil,
    caseNo: grant?.caseNo ?? null,
    dataVersion: 1,
    changedAt: `${issuedOn}T10:${padded(serial % 60, 2)}:00+08:00`,
  };
}

export function makeLicences(town: Township, random: Random, count: number, grants: Grants): Licence[] {
  const businesses = town.businesses.filter(({ trade }) => trade !== null);
  if (businesses.length === 0) return [];
  return Array.from({ length: count }, (_, at) => {
    const business = businesses[at % businesses.length]!;
    const grant = at < businesses.length ? grants.get(business.creditCode) : undefined;
    return makeLicence(town, random, { business, serial: at + 1, grant });
  });
}

export function licenceRow(licence: Licence): Row {
  const { id, business, number, oldNumber, dataVersion } = licence;
  const cells: Cells = {
    XKZID: id,
    DATAVER: dataVersion,
    XKZBH: number,
    XKZLX: licence.type,
    ZT: licence.state,
    JYZMC: business.name,
    TYSHXYDM: business.creditCode,
    FZR: business.representativeName,
    FZRSFZH: business.representativeId,
    ZS: business.address,
    JYCS: business.address,
    JYXM: licence.scope,
    RCJDJG: '房寺镇市场监督管理所',
    FZJG: '禹城市市场监督管理局',
    FZRQ: licence.issuedOn,
    PROJID: licence.caseNo,
    YXQZ: licence.validUntil ?? '长期',
    XZQH: business.villageCode,
  };
  const instead = {
    ...personInstead(business),
    ...(oldNumber && { oldLicenceNumber: { XKZBH: oldNumber, XKZLX: `${licence.type}（旧）` } }),
    wordForCode: { ZT: STATES[licence.state]! },
    addressDiffers: { JYCS: `${business.address}（沿街房）` },
  };
  return { table: 'SPYP_XKZ', sourceId: id, dataVersion, occurredAt: licence.changedAt, cells, instead };
}
