/** What can be applied for: matters with their materials and fees. */
import {
  about,
  agency,
  code,
  codeTable,
  date,
  decimal,
  defineRecord,
  flag,
  integer,
  text,
} from '../../../adapters/kit/record.ts';

/** GB/T 39046-2020 annex A.1. */
export const matterType = codeTable(
  'MatterType',
  { en: 'Type of matter', zh: '事项类型' },
  {
    LICENCE: { en: 'Licence', zh: '行政许可', codes: { gbt39046: '01' } },
    PENALTY: { en: 'Penalty', zh: '行政处罚', codes: { gbt39046: '02' } },
    COERCION: { en: 'Coercion', zh: '行政强制', codes: { gbt39046: '03' } },
    LEVY: { en: 'Levy', zh: '行政征收', codes: { gbt39046: '04' } },
    BENEFIT: { en: 'Benefit', zh: '行政给付', codes: { gbt39046: '05' } },
    INSPECTION: { en: 'Inspection', zh: '行政检查', codes: { gbt39046: '06' } },
    CONFIRMATION: { en: 'Confirmation', zh: '行政确认', codes: { gbt39046: '07' } },
    REWARD: { en: 'Reward', zh: '行政奖励', codes: { gbt39046: '08' } },
    ADJUDICATION: { en: 'Adjudication', zh: '行政裁决', codes: { gbt39046: '09' } },
    OTHER: { en: 'Other administrative power', zh: '其他行政权力', codes: { gbt39046: '10' } },
    PUBLIC_SERVICE: { en: 'Public service', zh: '公共服务', codes: { gbt39046: '20' } },
  },
);

const matterState = codeTable(
  'MatterState',
  { en: 'State of a matter', zh: '事项状态' },
  {
    IN_FORCE: { en: 'In force', zh: '在用' },
    SUSPENDED: { en: 'Suspended', zh: '暂停' },
    CANCELLED: { en: 'Cancelled', zh: '取消' },
  },
);

const servedSubject = codeTable(
  'ServedSubject',
  { en: 'Served subject', zh: '服务对象' },
  {
    NATURAL_PERSON: { en: 'Natural persons', zh: '自然人' },
    LEGAL_PERSON: { en: 'Legal persons', zh: '法人' },
    BOTH: { en: 'Both', zh: '自然人和法人' },
  },
);

const handling = codeTable(
  'Handling',
  { en: 'Kind of handling', zh: '办件类型' },
  {
    IMMEDIATE: { en: 'At once', zh: '即办件' },
    PROMISED: { en: 'Within a promised limit', zh: '承诺件' },
  },
);

export const Matter = defineRecord('Matter', {
  title: { en: 'Matter: a service that can be applied for, in one of its editions', zh: '政务服务事项' },
  key: ['code', 'edition'],
  open: true,
  about: { agency: agency('agencyCode'), hall: about('Hall')('hallCode') },
  fields: {
    code: text({ zh: '事项编码', searched: true }),
    edition: integer({ zh: '事项版本' }),
    catalogCode: text({ en: 'Code of the national catalogue', zh: '基本目录编码', optional: true }),
    title: text({ zh: '事项名称', searched: true }),
    titleEn: text({ en: 'English title', zh: '英文名称', optional: true }),
    matterType: code({ zh: '事项类型', table: matterType }),
    agencyCode: text({ zh: '实施部门' }),
    level: text({ en: 'Level at which it is exercised', zh: '行使层级', optional: true }),
    servedSubject: code({ zh: '服务对象', table: servedSubject }),
    handling: code({ zh: '办件类型', table: handling }),
    statutoryDays: integer({ en: 'Statutory limit', zh: '法定办结时限', unit: 'working days', optional: true }),
    promisedDays: integer({ en: 'Promised limit', zh: '承诺办结时限', unit: 'working days', optional: true }),
    state: code({ zh: '事项状态', table: matterState }),
    validFrom: date({ zh: '生效日期', optional: true }),
    validTo: date({ zh: '失效日期', optional: true }),
    resultName: text({ en: 'Name of the result', zh: '办理结果', optional: true }),
    visits: integer({ en: 'Visits needed', zh: '到现场次数', optional: true }),
    hallCode: text({ zh: '办理大厅', optional: true }),
    legalBasis: text({ zh: '设定依据', optional: true }),
  },
});

const materialForm = codeTable(
  'MaterialForm',
  { en: 'Form of a material', zh: '材料形式' },
  {
    ORIGINAL: { en: 'Original', zh: '原件' },
    COPY: { en: 'Copy', zh: '复印件' },
    ELECTRONIC: { en: 'Electronic', zh: '电子' },
  },
);

const ofMatter = about('Matter');

export const MatterMaterial = defineRecord('MatterMaterial', {
  title: { en: 'Material that a matter asks for', zh: '申请材料' },
  key: ['code'],
  open: true,
  about: { matter: ofMatter(['matterCode', 'matterEdition'], { inverse: 'materials' }) },
  fields: {
    code: text({ zh: '材料编码' }),
    matterCode: text({ zh: '事项编码' }),
    matterEdition: integer({ zh: '事项版本' }),
    name: text({ zh: '材料名称' }),
    required: flag({ zh: '是否必要' }),
    form: code({ zh: '材料形式', table: materialForm }),
    copies: integer({ zh: '份数', optional: true }),
    suppliedBy: text({ en: 'Who supplies it: APPLICANT, SHARED_DATA or LICENCE', zh: '来源渠道', optional: true }),
  },
});

export const MatterFee = defineRecord('MatterFee', {
  title: { en: 'Fee of a matter', zh: '收费项目' },
  key: ['code'],
  open: true,
  about: { matter: ofMatter(['matterCode', 'matterEdition'], { inverse: 'fees' }) },
  fields: {
    code: text({ zh: '收费编码' }),
    matterCode: text({ zh: '事项编码' }),
    matterEdition: integer({ zh: '事项版本' }),
    name: text({ zh: '收费名称' }),
    standard: text({ en: 'Charging standard', zh: '收费标准', optional: true }),
    amount: decimal({ zh: '金额', unit: 'CNY', optional: true }),
    reducible: flag({ zh: '是否可减免' }),
  },
});
