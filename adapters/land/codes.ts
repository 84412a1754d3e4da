/** The code tables of the land outpost, with the numbers of the real-estate registration dictionary (edition `bdc`). */
import { codeTable } from '../kit/index.ts';

export const realRightKind = codeTable(
  'RealRightKind',
  { en: 'Kind of right', zh: '权利类型' },
  {
    COLLECTIVE_OWNERSHIP: { en: 'Collective ownership of land', zh: '集体土地所有权', codes: { bdc: '1' } },
    STATE_OWNERSHIP: { en: 'State ownership of land', zh: '国家土地所有权', codes: { bdc: '2' } },
    STATE_CONSTRUCTION: { en: 'Use of state construction land', zh: '国有建设用地使用权', codes: { bdc: '3' } },
    STATE_CONSTRUCTION_AND_HOUSE: {
      en: 'Use of state construction land with the house on it',
      zh: '国有建设用地使用权/房屋所有权',
      codes: { bdc: '4' },
    },
    HOMESTEAD: { en: 'Use of a homestead', zh: '宅基地使用权', codes: { bdc: '5' } },
    HOMESTEAD_AND_HOUSE: {
      en: 'Use of a homestead with the house on it',
      zh: '宅基地使用权/房屋所有权',
      codes: { bdc: '6' },
    },
    COLLECTIVE_CONSTRUCTION: {
      en: 'Use of collective construction land',
      zh: '集体建设用地使用权',
      codes: { bdc: '7' },
    },
    COLLECTIVE_CONSTRUCTION_AND_HOUSE: {
      en: 'Use of collective construction land with the building on it',
      zh: '集体建设用地使用权/房屋所有权',
      codes: { bdc: '8' },
    },
    CONTRACTED_FARMLAND: { en: 'Contracted management of farmland', zh: '土地承包经营权', codes: { bdc: '9' } },
  },
);

export const areaUnit = codeTable(
  'AreaUnit',
  { en: 'Unit of area', zh: '面积单位' },
  {
    SQUARE_METRE: { en: 'Square metre', zh: '平方米', codes: { bdc: ['1', '平方米', '㎡', 'm2', 'M2'] } },
    MU: { en: 'Mu, 2000/3 square metres', zh: '亩', codes: { bdc: ['2', '亩'] } },
    HECTARE: { en: 'Hectare', zh: '公顷', codes: { bdc: ['3', '公顷', 'hm2'] } },
  },
);

export const geometryState = codeTable(
  'GeometryState',
  { en: 'What became of the boundary', zh: '界址图形状态' },
  {
    SOUND: { en: 'Read and sound', zh: '有效' },
    ABSENT: { en: 'The source has none', zh: '无图形' },
    SELF_INTERSECTING: { en: 'Left out: its boundary crosses itself', zh: '自相交' },
    UNREADABLE: { en: 'Left out: no polygon of this zone', zh: '无法识别' },
  },
);

export const parcelState = codeTable(
  'ParcelState',
  { en: 'State of a parcel', zh: '宗地状态' },
  {
    CURRENT: { en: 'Current', zh: '现势', codes: { bdc: ['1', '现势'] } },
    HISTORICAL: { en: 'Historical', zh: '历史', codes: { bdc: ['2', '历史'] } },
  },
);

export const coOwnership = codeTable(
  'CoOwnership',
  { en: 'Way of owning', zh: '共有方式' },
  {
    SOLE: { en: 'Sole', zh: '单独所有', codes: { bdc: ['0', '单独所有'] } },
    JOINT: { en: 'Joint', zh: '共同共有', codes: { bdc: ['1', '共同共有'] } },
    BY_SHARES: { en: 'By shares', zh: '按份共有', codes: { bdc: ['2', '按份共有'] } },
    OTHER: { en: 'Other', zh: '其他共有', codes: { bdc: ['3', '其他共有'] } },
  },
);

export const registrationKind = codeTable(
  'RealRightRegistrationKind',
  { en: 'Kind of registration', zh: '登记类型' },
  {
    FIRST: { en: 'First registration', zh: '首次登记', codes: { bdc: ['100', '首次登记', '首次'] } },
    TRANSFER: { en: 'Transfer', zh: '转移登记', codes: { bdc: ['200', '转移登记', '转移'] } },
    CHANGE: { en: 'Change of particulars', zh: '变更登记', codes: { bdc: ['300', '变更登记', '变更'] } },
    CANCELLATION: { en: 'Cancellation', zh: '注销登记', codes: { bdc: ['400', '注销登记', '注销'] } },
    CORRECTION: { en: 'Correction', zh: '更正登记', codes: { bdc: ['500', '更正登记', '更正'] } },
    OBJECTION: { en: 'Objection', zh: '异议登记', codes: { bdc: ['600', '异议登记', '异议'] } },
    ADVANCE_NOTICE: { en: 'Advance notice', zh: '预告登记', codes: { bdc: ['700', '预告登记', '预告'] } },
    SEIZURE: { en: 'Seizure', zh: '查封登记', codes: { bdc: ['800', '查封登记', '查封'] } },
  },
);

export const rightState = codeTable(
  'RealRightState',
  { en: 'State of a right', zh: '权属状态' },
  {
    PROVISIONAL: { en: 'Provisional', zh: '临时', codes: { bdc: '0' } },
    CURRENT: { en: 'Current', zh: '现势', codes: { bdc: '1' } },
    HISTORICAL: { en: 'Historical', zh: '历史', codes: { bdc: '2' } },
  },
);

export const buildingKind = codeTable(
  'HomesteadBuildingKind',
  { en: 'Kind of building', zh: '建房类型' },
  {
    NEW_SITE: { en: 'New house on a new site', zh: '新建', codes: { zjd: ['1', '新建'] } },
    REBUILT: { en: 'Rebuilt on its site', zh: '原址翻建', codes: { zjd: ['2', '翻建', '原址翻建'] } },
    EXTENDED: { en: 'Altered or extended', zh: '改扩建', codes: { zjd: ['3', '改扩建'] } },
    MOVED: { en: 'Built elsewhere instead', zh: '异址新建', codes: { zjd: ['4', '异址新建'] } },
  },
);

export const quotaKind = codeTable(
  'LandQuotaKind',
  { en: 'Kind of quota', zh: '指标类型' },
  {
    NEW_CONSTRUCTION: { en: 'New construction land', zh: '新增建设用地', codes: { zb: ['1', '新增建设用地'] } },
    LINKED_REDUCTION: { en: 'Linked increase and reduction', zh: '增减挂钩', codes: { zb: ['2', '增减挂钩'] } },
  },
);

export const quotaScope = codeTable(
  'LandQuotaScope',
  { en: 'Whose quota it is', zh: '指标层级' },
  {
    COUNTY_CITY: { en: 'The whole county-level city', zh: '全市', codes: { zb: ['4', '全市'] } },
    TOWN: { en: 'The town', zh: '本镇', codes: { zb: ['5', '本镇'] } },
  },
);
