/** The hub's own nouns, declared in the language of the adapters. */

import { applicantKind, caseResult, channel } from '../../adapters/kit/hall-kinds.ts';
import { creditCode } from '../../adapters/kit/identifiers/credit-code.ts';
import { residentId } from '../../adapters/kit/identifiers/resident-id.ts';
import {
  about,
  agency,
  code,
  codeTable,
  date,
  decimal,
  defineRecord,
  flag,
  instant,
  integer,
  organisation,
  person,
  type RecordKind,
  region,
  text,
} from '../../adapters/kit/record.ts';

// ---- Nouns that come into being when somebody states something about them -------------------------------------------

const sex = codeTable(
  'Sex',
  { en: 'Sex', zh: '性别' },
  { MALE: { en: 'Male', zh: '男' }, FEMALE: { en: 'Female', zh: '女' } },
);

export const Person = defineRecord('Person', {
  title: { en: 'Person: a natural person whom at least one agency knows', zh: '自然人' },
  plural: 'persons',
  key: ['residentId'],
  fields: {
    residentId: text({ zh: '公民身份号码', format: residentId, sensitivity: 'personal', mask: 'identity' }),
    name: text({
      en: 'Name, by precedence of the agencies',
      zh: '姓名',
      optional: true,
      sensitivity: 'personal',
      mask: 'name',
      searched: true,
    }),
    birthDate: date({
      en: 'Birth date in the resident id',
      zh: '出生日期',
      optional: true,
      sensitivity: 'personal',
      mask: 'birth',
    }),
    sex: code({ en: 'Sex in the resident id', zh: '性别', table: sex, optional: true, sensitivity: 'personal' }),
    address: text({
      en: 'Address, by precedence of the agencies',
      zh: '住址',
      optional: true,
      sensitivity: 'personal',
      mask: 'address',
    }),
  },
});

export const Organisation = defineRecord('Organisation', {
  title: { en: 'Organisation: a legal or other body whom at least one agency knows', zh: '组织机构' },
  key: ['creditCode'],
  fields: {
    creditCode: text({ zh: '统一社会信用代码', format: creditCode }),
    name: text({ en: 'Name, by precedence of the agencies', zh: '名称', optional: true, searched: true }),
    address: text({ en: 'Address, by precedence of the agencies', zh: '住所', optional: true }),
    representativeName: text({ zh: '法定代表人姓名', optional: true, sensitivity: 'personal', mask: 'name' }),
  },
});

export const caseState = codeTable(
  'CaseState',
  { en: 'State of a case', zh: '办件状态' },
  {
    SUBMITTED: { en: 'Submitted, not yet accepted', zh: '已申请' },
    AWAITING_CORRECTION: { en: 'Correction asked of the applicant', zh: '待补正' },
    ACCEPTED: { en: 'Accepted: the clock runs', zh: '已受理' },
    IN_REVIEW: { en: 'In review', zh: '审查中' },
    PAUSED: { en: 'Special procedure: the clock pauses', zh: '特别程序' },
    DECIDED: { en: 'Decided, not yet closed', zh: '已决定' },
    CLOSED: { en: 'Closed', zh: '已办结' },
  },
);

export const Case = defineRecord('Case', {
  title: { en: 'Case of the service hall, derived from all that agencies report of it', zh: '办件' },
  key: ['caseNo'],
  about: {
    leadAgency: agency('leadAgencyCode', { inverse: 'ledCases' }),
    matter: about('Matter')(['matterCode', 'matterEdition'], { inverse: 'cases' }),
    applicant: person('applicantId', { inverse: 'cases' }),
    applicantOrganisation: organisation('applicantCreditCode', { inverse: 'cases' }),
    region: region('regionCode', { inverse: 'cases' }),
  },
  fields: {
    caseNo: text({ zh: '办件编号', searched: true }),
    leadAgencyCode: text({ zh: '主办部门代码', optional: true }),
    matterCode: text({ zh: '事项编码', optional: true }),
    matterEdition: integer({ zh: '事项版本', optional: true }),
    title: text({ en: 'Summary', zh: '申请内容', optional: true, sensitivity: 'internal' }),
    state: code({ zh: '办件状态', table: caseState }),
    result: code({ zh: '办结结果', table: caseResult, optional: true }),
    currentStep: text({ en: 'Step that is waited for', zh: '当前环节', optional: true }),
    applicantKind: code({ zh: '申请人类型', table: applicantKind, optional: true }),
    applicantId: text({
      zh: '申请人公民身份号码',
      format: residentId,
      optional: true,
      sensitivity: 'personal',
      mask: 'identity',
    }),
    applicantCreditCode: text({ zh: '申请单位统一社会信用代码', format: creditCode, optional: true }),
    channel: code({ zh: '申请渠道', table: channel, optional: true }),
    windowCode: text({ zh: '窗口', optional: true }),
    regionCode: text({ zh: '区划代码', optional: true }),
    submittedAt: instant({ zh: '申请时间', optional: true }),
    acceptedAt: instant({ zh: '受理时间', optional: true }),
    promisedOn: date({ en: 'Promised by', zh: '承诺办结日期', optional: true }),
    closedAt: instant({ zh: '办结时间', optional: true }),
  },
});

/** How a derived noun's own field is chosen where agencies differ: the first of these that says something. */
export const precedence: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Person: {
    name: ['police', 'human-resources', 'land', 'commerce', 'food-drug'],
    address: ['police', 'human-resources', 'land', 'commerce', 'food-drug'],
  },
  Organisation: {
    name: ['commerce', 'food-drug', 'human-resources', 'land', 'police'],
    address: ['commerce', 'food-drug', 'human-resources', 'land', 'police'],
    representativeName: ['commerce', 'food-drug', 'human-resources', 'land', 'police'],
  },
};

// ---- Nouns that the town itself states (reference data) --------------------------------------------------------------

const agencyKind = codeTable(
  'AgencyKind',
  { en: 'Kind of agency', zh: '部门类型' },
  {
    COUNTY_BUREAU: { en: 'Bureau of the county-level city', zh: '市直部门' },
    TOWN: { en: 'Town government', zh: '镇政府' },
    OTHER: { en: 'Other', zh: '其他' },
  },
);
export const Agency = defineRecord('Agency', {
  title: { en: 'Agency: a bureau, with its succession', zh: '部门' },
  key: ['code'],
  open: true,
  about: {
    successor: agency('successorCode', { inverse: 'predecessors' }),
    organisation: organisation('creditCode', { inverse: 'agencies', states: { name: 'name' } }),
  },
  fields: {
    code: text({ zh: '部门代码' }),
    name: text({ zh: '部门名称', searched: true }),
    nameEn: text({ en: 'English name', zh: '英文名称', optional: true }),
    creditCode: text({ zh: '统一社会信用代码', format: creditCode, optional: true }),
    kind: code({ zh: '部门类型', table: agencyKind }),
    validFrom: date({ zh: '设立日期', optional: true }),
    validTo: date({ zh: '撤销日期', optional: true }),
    successorCode: text({ zh: '职能承接部门', optional: true }),
  },
});

const regionLevel = codeTable(
  'RegionLevel',
  { en: 'Level of a region', zh: '区划级别' },
  {
    PROVINCE: { en: 'Province', zh: '省' },
    CITY: { en: 'Prefecture-level city', zh: '地级市' },
    COUNTY: { en: 'County or county-level city', zh: '县级' },
    TOWN: { en: 'Town', zh: '镇' },
    VILLAGE: { en: 'Village', zh: '村' },
    COMMUNITY: { en: 'New community', zh: '社区' },
  },
);
export const Region = defineRecord('Region', {
  title: { en: 'Region: town, village or new community, with its succession', zh: '行政区划' },
  key: ['code'],
  open: true,
  about: {
    parent: region('parentCode', { inverse: 'children' }),
    successor: region('successorCode', { inverse: 'predecessors' }),
  },
  fields: {
    code: text({ en: 'Code, 12 digits', zh: '区划代码' }),
    name: text({ zh: '名称', searched: true }),
    level: code({ zh: '级别', table: regionLevel }),
    parentCode: text({ zh: '上级区划', optional: true }),
    validFrom: date({ zh: '设立日期', optional: true }),
    validTo: date({ zh: '撤销日期', optional: true }),
    successorCode: text({ en: 'Community into which it was merged', zh: '并入社区', optional: true }),
  },
});

const hallKind = codeTable(
  'HallKind',
  { en: 'Kind of hall', zh: '大厅类型' },
  {
    CONVENIENCE: { en: 'Convenience services', zh: '便民服务大厅' },
    COMPREHENSIVE: { en: 'Comprehensive services', zh: '综合服务大厅' },
    ENFORCEMENT: { en: 'Administrative enforcement', zh: '行政执法大厅' },
  },
);
export const Hall = defineRecord('Hall', {
  title: { en: 'Hall', zh: '服务大厅' },
  key: ['code'],
  open: true,
  about: { region: region('regionCode') },
  fields: {
    code: text({ zh: '大厅代码' }),
    name: text({ zh: '名称' }),
    kind: code({ zh: '类型', table: hallKind }),
    regionCode: text({ zh: '区划代码', optional: true }),
    address: text({ zh: '地址', optional: true }),
  },
});

export const Outpost = defineRecord('Outpost', {
  title: { en: 'Outpost: employed by its bureau, used by the town (dual management)', zh: '派驻机构' },
  key: ['code'],
  open: true,
  about: {
    agency: agency('agencyCode'),
    employer: organisation('employerCreditCode', { inverse: 'outpostsEmployed' }),
    host: organisation('hostCreditCode', { inverse: 'outpostsHosted' }),
    hall: about('Hall')('hallCode'),
  },
  fields: {
    code: text({ zh: '机构代码' }),
    name: text({ zh: '名称' }),
    agencyCode: text({ zh: '派出部门' }),
    employerCreditCode: text({ en: 'Employing organisation', zh: '人事关系单位', format: creditCode, optional: true }),
    hostCreditCode: text({ en: 'Hosting organisation', zh: '属地管理单位', format: creditCode, optional: true }),
    hallCode: text({ zh: '进驻大厅', optional: true }),
    evaluatedBy: text({ zh: '考核单位', optional: true }),
    validFrom: date({ zh: '派驻日期', optional: true }),
  },
});

export const Window = defineRecord('Window', {
  title: { en: 'Window of a hall', zh: '窗口' },
  key: ['code'],
  open: true,
  about: { hall: about('Hall')('hallCode'), outpost: about('Outpost')('outpostCode') },
  fields: {
    code: text({ zh: '窗口代码' }),
    hallCode: text({ zh: '大厅代码' }),
    number: text({ zh: '窗口号' }),
    name: text({ zh: '名称' }),
    outpostCode: text({ en: 'Outpost; empty where one window accepts for all', zh: '派驻机构', optional: true }),
    openingHours: text({ zh: '服务时间', optional: true }),
  },
});

export const Officer = defineRecord('Officer', {
  title: { en: 'Officer: with an employing and a working organisation', zh: '工作人员' },
  key: ['staffNo'],
  about: {
    outpost: about('Outpost')('outpostCode'),
    employer: organisation('employerCreditCode', { inverse: 'officersEmployed' }),
    workplace: organisation('workCreditCode', { inverse: 'officersAtWork' }),
  },
  fields: {
    staffNo: text({ zh: '工号' }),
    name: text({ zh: '姓名', sensitivity: 'personal', mask: 'name' }),
    outpostCode: text({ zh: '派驻机构', optional: true }),
    employerCreditCode: text({ zh: '编制单位', format: creditCode, optional: true }),
    workCreditCode: text({ zh: '工作单位', format: creditCode, optional: true }),
    post: text({ zh: '岗位', optional: true }),
    certificateNo: text({ en: 'Enforcement certificate', zh: '执法证号', optional: true, sensitivity: 'internal' }),
    certificateValidUntil: date({ zh: '执法证有效期至', optional: true, sensitivity: 'internal' }),
  },
});

/** GB/T 39046-2020 annex A.1. */
const matterType = codeTable(
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

const powerOrigin = codeTable(
  'PowerOrigin',
  { en: 'Origin of a power', zh: '权力来源' },
  {
    OWN: { en: "The town's own", zh: '本级' },
    DEVOLVED: { en: 'Handed down: the town acts in its own name', zh: '下放' },
    ENTRUSTED: { en: "Entrusted: the town acts in the bureau's name", zh: '委托' },
  },
);
export const PowerListEntry = defineRecord('PowerListEntry', {
  title: { en: 'Entry of the power list', zh: '权力清单事项' },
  plural: 'powerListEntries',
  key: ['number'],
  open: true,
  about: {
    agency: agency('agencyCode'),
    delegation: about('Delegation')('delegationNo', { inverse: 'entries' }),
    legalActor: agency('legalActorCode', { inverse: 'powersActedFor' }),
    handlingAgency: agency('handlingOrgCode', { inverse: 'powersHandled' }),
  },
  fields: {
    number: text({ zh: '编号' }),
    title: text({ zh: '权力名称', searched: true }),
    origin: code({ zh: '权力来源', table: powerOrigin }),
    matterType: code({ zh: '权力类型', table: matterType }),
    agencyCode: text({ en: 'Source department', zh: '原实施部门' }),
    delegationNo: text({ zh: '授权文书编号', optional: true }),
    legalActorCode: text({ en: 'In whose name it is exercised', zh: '法律责任主体' }),
    handlingOrgCode: text({ en: 'Who handles it', zh: '实际办理机构' }),
    validFrom: date({ zh: '生效日期', optional: true }),
    validTo: date({ zh: '失效日期', optional: true }),
    legalBasis: text({ zh: '法律依据', optional: true }),
  },
});

const delegationKind = codeTable(
  'DelegationKind',
  { en: 'Kind of delegation', zh: '授权文书类型' },
  {
    COMMITMENT: { en: 'Commitment to hand down powers', zh: '权限下放承诺书' },
    ENTRUSTMENT: { en: 'Letter of entrustment', zh: '授权委托书' },
  },
);
const delegationState = codeTable(
  'DelegationState',
  { en: 'State of a delegation', zh: '授权状态' },
  {
    PROPOSED: { en: 'Proposed', zh: '拟订' },
    SIGNED: { en: 'Signed', zh: '已签署' },
    PUBLISHED: { en: 'Published', zh: '已公布' },
    EFFECTIVE: { en: 'Effective', zh: '生效' },
    EXPIRED: { en: 'Expired', zh: '到期' },
    RECALLED: { en: 'Recalled', zh: '收回' },
  },
);
export const Delegation = defineRecord('Delegation', {
  title: { en: 'Delegation: the document under which powers are handed down or entrusted', zh: '授权文书' },
  key: ['number'],
  open: true,
  about: {
    delegator: agency('delegatorCode', { inverse: 'delegationsGiven' }),
    delegate: agency('delegateCode', { inverse: 'delegationsReceived' }),
  },
  fields: {
    number: text({ zh: '文书编号' }),
    kind: code({ zh: '文书类型', table: delegationKind }),
    delegatorCode: text({ zh: '授权方' }),
    delegateCode: text({ zh: '承接方' }),
    scope: text({ zh: '授权范围' }),
    signedOn: date({ zh: '签署日期', optional: true }),
    effectiveFrom: date({ zh: '生效日期', optional: true }),
    expiresOn: date({ zh: '到期日期', optional: true }),
    publishedOn: date({ zh: '公布日期', optional: true }),
    state: code({ zh: '状态', table: delegationState }),
  },
});

const grantState = codeTable(
  'SharingGrantState',
  { en: 'State of a sharing grant', zh: '共享授权状态' },
  {
    ACTIVE: { en: 'Active', zh: '有效' },
    EXPIRED: { en: 'Expired', zh: '到期' },
    REVOKED: { en: 'Revoked', zh: '撤销' },
  },
);
export const SharingGrant = defineRecord('SharingGrant', {
  title: { en: 'Sharing grant: one agency lets another see kinds of its records for a purpose', zh: '数据共享授权' },
  key: ['number'],
  about: {
    giver: agency('giverCode', { inverse: 'sharingGrantsGiven' }),
    taker: agency('takerCode', { inverse: 'sharingGrantsReceived' }),
  },
  fields: {
    number: text({ zh: '授权编号' }),
    giverCode: text({ en: 'Agency that gives', zh: '提供部门' }),
    takerCode: text({ en: 'Agency that receives', zh: '使用部门' }),
    kinds: text({ en: 'Kinds of record, separated by |', zh: '共享数据' }),
    matterCode: text({ en: 'Matter for which it is given', zh: '使用事项' }),
    validFrom: date({ zh: '生效日期' }),
    validTo: date({ en: 'Last day', zh: '到期日期' }),
    state: code({ zh: '状态', table: grantState }),
  },
});

/** Made by the hub from what others state; they have no source of their own. */
export const derivedKinds: readonly RecordKind[] = [Person, Organisation, Case];
/** Stated by the town. */
export const townKinds: readonly RecordKind[] = [
  Agency,
  Region,
  Hall,
  Outpost,
  Window,
  Officer,
  Matter,
  MatterMaterial,
  MatterFee,
  PowerListEntry,
  Delegation,
  SharingGrant,
];
/** Source code of the town's own records. */
export const TOWN = 'town';
