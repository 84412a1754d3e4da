/**
 * Kinds of record that several agencies state about the hall's work. A case (办件) comes in parts that arrive in any
 * order: the report opens it, approvals are its steps, the closing ends it; the hub derives the case from what it has.
 */
import { creditCode } from './identifiers/credit-code.ts';
import { issuedNumber, publishedBusiness, readByHub, stepName, tableWord } from './open-text.ts';
import { identityNumber } from './personal.ts';
import {
  about,
  code,
  codeTable,
  date,
  defineRecord,
  flag,
  instant,
  integer,
  organisation,
  person,
  region,
  text,
} from './record.ts';

export const channel = codeTable(
  'Channel',
  { en: 'Channel of application', zh: '申请渠道' },
  {
    WINDOW: { en: 'Window', zh: '窗口', codes: { gbt39046: '1', eajc: '0' } },
    ONLINE: { en: 'Online', zh: '网上', codes: { gbt39046: '2', eajc: '1' } },
    MOBILE: { en: 'Mobile', zh: '移动端', codes: { gbt39046: '3', eajc: '2' } },
    COURIER: { en: 'Courier', zh: '邮寄', codes: { gbt39046: '4', eajc: '3' } },
    OTHER: { en: 'Other', zh: '其他', codes: { gbt39046: '9', eajc: '8' } },
  },
);

/** The 2020 edition of EA_JC gave codes 1 and 6 other meanings than the older one: an edition is always needed. */
export const caseResult = codeTable(
  'CaseResult',
  { en: 'Closing result', zh: '办结结果' },
  {
    GRANTED: { en: 'Granted', zh: '准予', codes: { 'eajc-old': '0', 'eajc-2020': '0' } },
    REFUSED: { en: 'Refused', zh: '不予许可', codes: { 'eajc-old': '1', 'eajc-2020': '1' } },
    NOT_ACCEPTED: { en: 'Not accepted', zh: '不予受理', codes: { 'eajc-2020': '6' } },
    WITHDRAWN: { en: 'Withdrawn by the applicant', zh: '申请人撤回' },
    LAPSED_NO_CORRECTION: {
      en: 'Lapsed, never corrected',
      zh: '补正不来',
      codes: { 'eajc-old': '5', 'eajc-2020': '5' },
    },
    FORWARDED: { en: 'Passed to a superior or another body', zh: '转报', codes: { 'eajc-old': '4', 'eajc-2020': '4' } },
    VOID: { en: 'Void, not counted', zh: '作废', codes: { 'eajc-old': '2', 'eajc-2020': '2' } },
    DELETED: { en: 'Deleted as a data error, not counted', zh: '删除', codes: { 'eajc-old': '3', 'eajc-2020': '3' } },
    CLOSED_OTHER: { en: 'Closed otherwise', zh: '其他办结', codes: { 'eajc-old': '6' } },
  },
);

export const applicantKind = codeTable(
  'ApplicantKind',
  { en: 'Kind of applicant', zh: '申请人类型' },
  {
    NATURAL_PERSON: { en: 'Natural person', zh: '自然人', codes: { gbt39046: '1' } },
    ENTERPRISE: { en: 'Enterprise', zh: '企业', codes: { gbt39046: '2' } },
    INSTITUTION: { en: 'Public institution', zh: '事业单位', codes: { gbt39046: '3' } },
    SOCIAL_ORGANISATION: { en: 'Social organisation', zh: '社会组织', codes: { gbt39046: '4' } },
    ORGAN: { en: 'Administrative organ', zh: '行政机关', codes: { gbt39046: '5' } },
    OTHER: { en: 'Other', zh: '其他', codes: { gbt39046: ['6', '9'] } },
  },
);

export const CaseReport = defineRecord('CaseReport', {
  title: { en: 'Report of a case: its registration by an agency', zh: '办件登记' },
  key: ['caseNo'],
  about: {
    case: about('Case')('caseNo', { inverse: 'reports' }),
    matter: about('Matter')(['matterCode', 'matterEdition'], { inverse: 'caseReports' }),
    applicant: person('applicantId', { states: { name: 'applicantPersonName' } }),
    applicantOrganisation: organisation('applicantCreditCode', { states: { name: 'applicantOrganisationName' } }),
    region: region('regionCode'),
  },
  fields: {
    caseNo: text({ en: 'Case number of the platform', zh: '办件编号', searched: true, ...issuedNumber }),
    sourceCaseNo: text({ en: "Agency's own number", zh: '业务流水号', optional: true, ...issuedNumber }),
    matterCode: text({ zh: '事项编码', ...tableWord }),
    matterEdition: integer({ zh: '事项版本', optional: true }),
    /** Agencies write the applicant's name into it. For readers who may not see that, `Case.heading` is the summary. */
    title: text({ en: 'Summary', zh: '申请内容', optional: true, sensitivity: 'personal' }),
    applicantKind: code({ zh: '申请人类型', table: applicantKind }),
    applicantPersonName: text({ zh: '申请人姓名', optional: true, sensitivity: 'personal', mask: 'name' }),
    applicantId: text({
      en: "Applicant's resident id",
      zh: '申请人公民身份号码',
      ...identityNumber,
      optional: true,
    }),
    applicantOrganisationName: text({ zh: '申请单位名称', optional: true, ...publishedBusiness }),
    applicantCreditCode: text({ zh: '申请单位统一社会信用代码', format: creditCode, optional: true }),
    contactPhone: text({ zh: '联系电话', optional: true, sensitivity: 'personal', mask: 'phone' }),
    channel: code({ zh: '申请渠道', table: channel }),
    submittedAt: instant({ zh: '申请时间' }),
    acceptedAt: instant({ zh: '受理时间', optional: true }),
    promisedOn: date({ en: 'Promised by', zh: '承诺办结日期', optional: true }),
    regionCode: text({ zh: '区划代码', optional: true, ...tableWord }),
    windowCode: text({ zh: '窗口', optional: true, ...issuedNumber }),
    dataVersion: integer({ en: 'Number of the re-report', zh: '数据版本' }),
  },
});

export const approvalType = codeTable(
  'ApprovalType',
  { en: 'Kind of step', zh: '环节类型' },
  {
    STEP: { en: 'Step of handling', zh: '办理环节' },
    CORRECTION: { en: 'Correction asked of the applicant', zh: '补正' },
    SPECIAL_PROCEDURE: { en: 'Special procedure: the clock pauses', zh: '特别程序' },
    EXTENSION: { en: 'Extension of the limit', zh: '延长审批' },
  },
);
export const approvalState = codeTable(
  'ApprovalState',
  { en: 'State of a step', zh: '环节状态' },
  {
    TODO: { en: 'To do', zh: '待办', codes: { eajc: '01' } },
    DONE: { en: 'Done', zh: '已办', codes: { eajc: '02' } },
  },
);
export const approvalOutcome = codeTable(
  'ApprovalOutcome',
  { en: 'Outcome of a step', zh: '环节结果' },
  {
    DISAGREED: { en: 'Disagreed', zh: '不同意', codes: { eajc: '0' } },
    AGREED: { en: 'Agreed', zh: '同意', codes: { eajc: '1' } },
    NOT_ACCEPTED: { en: 'Not accepted', zh: '不予受理', codes: { eajc: '2' } },
    ACCEPTANCE_REFUSED: { en: 'Acceptance refused', zh: '拒绝受理', codes: { eajc: '3' } },
    ACCEPTED: { en: 'Accepted', zh: '受理', codes: { eajc: '4' } },
    CORRECTION_ASKED: { en: 'Correction asked', zh: '补正', codes: { eajc: '5' } },
    SPECIAL_PROCEDURE: { en: 'Special procedure', zh: '特别程序', codes: { eajc: '6' } },
    RETURNED: { en: 'Returned to an earlier step', zh: '退回', codes: { eajc: '7' } },
  },
);

export const Approval = defineRecord('Approval', {
  title: { en: 'Approval: a step of a case at an agency', zh: '审批环节' },
  key: ['caseNo', 'stepNo'],
  about: { case: about('Case')('caseNo', { inverse: 'approvals' }) },
  fields: {
    caseNo: text({ zh: '办件编号', ...issuedNumber }),
    stepNo: text({ en: 'Number of the step at the source', zh: '环节序号', ...issuedNumber }),
    name: text({ zh: '环节名称', ...stepName }),
    type: code({ zh: '环节类型', table: approvalType }),
    state: code({ zh: '环节状态', table: approvalState }),
    outcome: code({ zh: '环节结果', table: approvalOutcome, optional: true }),
    handlerName: text({ zh: '办理人', optional: true, sensitivity: 'personal', mask: 'name' }),
    opinion: text({ zh: '办理意见', optional: true, sensitivity: 'personal' }),
    startedAt: instant({ zh: '开始时间', ordered: 'asc' }),
    /** Sources write the start time where there is no end: only `state` says whether the step is done. */
    endedAt: instant({ zh: '结束时间', optional: true }),
    final: flag({ en: 'Last step of the procedure', zh: '末环节' }),
    dataVersion: integer({ zh: '数据版本' }),
  },
});

export const CaseClosing = defineRecord('CaseClosing', {
  title: { en: 'Closing of a case', zh: '办结' },
  key: ['caseNo'],
  about: { case: about('Case')('caseNo', { inverse: 'closings' }) },
  fields: {
    caseNo: text({ zh: '办件编号', ...issuedNumber }),
    result: code({ zh: '办结结果', table: caseResult }),
    reason: text({ zh: '办结说明', optional: true, sensitivity: 'personal' }),
    closedAt: instant({ zh: '办结时间' }),
    /** For a residence permit it is the number of a person's card. */
    certificateNo: text({ zh: '结果证照编号', optional: true, sensitivity: 'personal', mask: 'account' }),
    sourceResult: text({
      en: 'Result code as the source wrote it, with its edition',
      zh: '原始结果代码',
      optional: true,
      ...readByHub,
    }),
    dataVersion: integer({ zh: '数据版本' }),
  },
});

export const licenceState = codeTable(
  'LicenceState',
  { en: 'State of a licence', zh: '证照状态' },
  {
    ISSUED: { en: 'Issued', zh: '有效' },
    SUSPENDED: { en: 'Suspended', zh: '暂停' },
    EXPIRED: { en: 'Expired', zh: '过期' },
    CANCELLED: { en: 'Cancelled', zh: '注销' },
    REVOKED: { en: 'Revoked', zh: '吊销' },
    WITHDRAWN: { en: 'Withdrawn', zh: '撤销' },
  },
);
export const Licence = defineRecord('Licence', {
  title: { en: 'Licence', zh: '证照' },
  key: ['number'],
  live: 'also',
  about: {
    holder: organisation('holderCreditCode', { inverse: 'licences', states: { name: 'holderName' } }),
    responsiblePerson: person('responsiblePersonId', {
      inverse: 'licences',
      states: { name: 'responsiblePersonName' },
    }),
    case: about('Case')('caseNo', { inverse: 'licences' }),
  },
  fields: {
    number: text({ zh: '证照编号', searched: true, ...issuedNumber }),
    type: text({ en: 'Kind of licence', zh: '证照类型', ...tableWord }),
    state: code({ zh: '证照状态', table: licenceState }),
    holderName: text({ zh: '持证主体名称', optional: true, ...publishedBusiness }),
    holderCreditCode: text({ zh: '持证主体统一社会信用代码', format: creditCode, optional: true }),
    responsiblePersonName: text({ zh: '负责人姓名', optional: true, sensitivity: 'personal', mask: 'name' }),
    responsiblePersonId: text({
      zh: '负责人公民身份号码',
      ...identityNumber,
      optional: true,
    }),
    premises: text({ zh: '经营场所', optional: true, ...publishedBusiness }),
    scope: text({ zh: '许可项目', optional: true, ...publishedBusiness }),
    issuedOn: date({ zh: '发证日期', optional: true }),
    /** Null with `longTerm`: it does not expire (长期). */
    validUntil: date({ zh: '有效期至', optional: true }),
    longTerm: flag({ zh: '长期有效' }),
    caseNo: text({ zh: '办件编号', optional: true, ...issuedNumber }),
  },
});
