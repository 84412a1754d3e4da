/** Nouns that come into being when somebody states something about them. */
import { CaseClosing, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { creditCode } from '../../../adapters/kit/identifiers/credit-code.ts';
import { publishedBusiness, stepName, tableWord } from '../../../adapters/kit/open-text.ts';
import { identityNumber, statisticalYear } from '../../../adapters/kit/personal.ts';
import {
  about,
  agency,
  code,
  codeTable,
  date,
  defineRecord,
  integer,
  optional,
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
  /** Newborns become known within days, so the time of a statement reveals the birth date. */
  timeReveals: ['birthDate'],
  fields: {
    residentId: text({ zh: '公民身份号码', ...identityNumber }),
    name: text({
      en: 'Name, by precedence of the agencies',
      zh: '姓名',
      optional: true,
      sensitivity: 'personal',
      mask: 'name',
      searched: true,
    }),
    birthDate: date({ en: 'Birth date in the resident id', zh: '出生日期', optional: true, reveals: ['residentId'] }),
    birthYear: integer({ en: 'Year of birth in the resident id', zh: '出生年份', ...statisticalYear }),
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
    name: text({
      en: 'Name, by precedence of the agencies',
      zh: '名称',
      optional: true,
      searched: true,
      ...publishedBusiness,
    }),
    address: text({ en: 'Address, by precedence of the agencies', zh: '住所', optional: true, ...publishedBusiness }),
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

/** A case has the same fields as reports of it. */
const told = CaseReport.fields;
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
  heading: {
    title: { en: 'The matter and the applicant, as the reader sees them', zh: '事项与申请人' },
    parts: [['matter.title'], ['applicant.name', 'applicantOrganisation.name']],
  },
  fields: {
    caseNo: told.caseNo,
    leadAgencyCode: text({ zh: '主办部门代码', optional: true, ...tableWord }),
    matterCode: optional(told.matterCode),
    matterEdition: told.matterEdition,
    title: told.title,
    state: code({ zh: '办件状态', table: caseState }),
    result: optional(CaseClosing.fields.result),
    currentStep: text({ en: 'Step that is waited for', zh: '当前环节', optional: true, ...stepName }),
    applicantKind: optional(told.applicantKind),
    applicantId: told.applicantId,
    applicantCreditCode: told.applicantCreditCode,
    channel: optional(told.channel),
    windowCode: told.windowCode,
    regionCode: told.regionCode,
    submittedAt: { ...optional(told.submittedAt), ordered: 'desc' as const },
    acceptedAt: told.acceptedAt,
    promisedOn: { ...told.promisedOn, ordered: 'asc' as const },
    closedAt: optional(CaseClosing.fields.closedAt),
  },
});

/** How a derived noun's own field is chosen where agencies differ: the first of these that states a value. */
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
