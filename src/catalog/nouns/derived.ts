/** Nouns that come into being when somebody states something about them. */
import { applicantKind, caseResult, channel } from '../../../adapters/kit/hall-kinds.ts';
import { creditCode } from '../../../adapters/kit/identifiers/credit-code.ts';
import { residentId } from '../../../adapters/kit/identifiers/resident-id.ts';
import {
  about,
  agency,
  code,
  codeTable,
  date,
  defineRecord,
  instant,
  integer,
  organisation,
  person,
  region,
  text,
} from '../../../adapters/kit/record.ts';

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
