/** The bureaus, their outposts in the town, who works there, and what they share. */
import { creditCode } from '../../../adapters/kit/identifiers/credit-code.ts';
import { issuedNumber } from '../../../adapters/kit/open-text.ts';
import {
  about,
  agency,
  code,
  codeTable,
  date,
  defineRecord,
  organisation,
  text,
} from '../../../adapters/kit/record.ts';

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

export const Officer = defineRecord('Officer', {
  title: { en: 'Officer: with an employing and a working organisation', zh: '工作人员' },
  key: ['staffNo'],
  about: {
    outpost: about('Outpost')('outpostCode'),
    employer: organisation('employerCreditCode', { inverse: 'officersEmployed' }),
    workplace: organisation('workCreditCode', { inverse: 'officersAtWork' }),
  },
  fields: {
    staffNo: text({ zh: '工号', ...issuedNumber }),
    name: text({ zh: '姓名', sensitivity: 'personal', mask: 'name' }),
    outpostCode: text({ zh: '派驻机构', optional: true, ...issuedNumber }),
    employerCreditCode: text({ zh: '编制单位', format: creditCode, optional: true }),
    workCreditCode: text({ zh: '工作单位', format: creditCode, optional: true }),
    post: text({ zh: '岗位', optional: true, sensitivity: 'public', why: 'It is the name of a post, as 所长.' }),
    certificateNo: text({
      en: 'Enforcement certificate',
      zh: '执法证号',
      optional: true,
      ...issuedNumber,
      sensitivity: 'internal',
    }),
    certificateValidUntil: date({ zh: '执法证有效期至', optional: true, sensitivity: 'internal' }),
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
