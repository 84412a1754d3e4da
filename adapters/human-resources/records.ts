/** What the human-resources outpost (人社所) keeps: insured persons, payments, benefits, employment. */
import { creditCode } from '../kit/identifiers/credit-code.ts';
import { regionCode } from '../kit/identifiers/region-code.ts';
import {
  code,
  date,
  decimal,
  defineRecord,
  identityNumber,
  instant,
  integer,
  issuedNumber,
  organisation,
  person,
  publishedBusiness,
  readByHub,
  region,
  statisticalYear,
  text,
} from '../kit/index.ts';
import {
  benefitStatus,
  employmentEvent,
  employmentForm,
  insuranceKind,
  insuranceStatus,
  insuredSex,
  paymentChannel,
} from './codes.ts';

/** The columns that every row about a person begins with. */
const whose = {
  personNo: text({ en: 'Person number of social security', zh: '个人编号', sensitivity: 'personal', mask: 'account' }),
  residentId: text({ zh: '公民身份号码', ...identityNumber }),
  name: text({ zh: '姓名', searched: true, sensitivity: 'personal', mask: 'name' }),
} as const;
const handledAt = instant({ zh: '经办时间', sensitivity: 'internal' });

export const InsuredPerson = defineRecord('InsuredPerson', {
  title: { en: 'Insured person: a registration for one kind of insurance', zh: '参保登记' },
  key: ['personNo', 'insuranceKind'],
  about: {
    insured: person('residentId', {
      inverse: 'insurances',
      states: { name: 'name', birthDate: 'birthDate', sex: 'sex' },
    }),
    unit: organisation('unitCreditCode', { inverse: 'insuredEmployees', states: { name: 'unitName' } }),
    region: region('regionCode'),
  },
  fields: {
    ...whose,
    sex: code({ zh: '性别', table: insuredSex, optional: true, sensitivity: 'personal' }),
    birthDate: date({ zh: '出生日期', sensitivity: 'personal' }),
    unitNo: text({ en: 'Unit number of social security', zh: '单位编号', optional: true, ...issuedNumber }),
    unitCreditCode: text({ zh: '单位统一社会信用代码', format: creditCode, optional: true }),
    unitName: text({ zh: '单位名称', optional: true, ...publishedBusiness }),
    regionCode: text({ zh: '行政区划代码', format: regionCode, optional: true }),
    insuranceKind: code({ zh: '险种类型', table: insuranceKind, sensitivity: 'internal' }),
    status: code({ zh: '参保状态', table: insuranceStatus, sensitivity: 'internal' }),
    insuredSince: date({ zh: '参保日期', sensitivity: 'internal' }),
    handledAt,
  },
});

export const Payment = defineRecord('Payment', {
  title: { en: 'Payment of a premium', zh: '社会保险缴费' },
  key: ['receiptNo'],
  about: { payer: person('residentId', { inverse: 'insurancePayments', states: { name: 'name' } }) },
  fields: {
    receiptNo: text({ zh: '单据号', ...issuedNumber, sensitivity: 'internal' }),
    ...whose,
    insuranceKind: code({ zh: '险种类型', table: insuranceKind, sensitivity: 'internal' }),
    period: text({ en: 'Month paid for, as 2026-11', zh: '费款所属期', ...readByHub, sensitivity: 'internal' }),
    /** Negative in the row that reverses another row (冲销). */
    amount: decimal({ zh: '缴费金额', unit: 'CNY', sensitivity: 'personal' }),
    tier: integer({
      en: 'Tier of the premium, by its yearly sum',
      zh: '缴费档次',
      unit: 'CNY',
      optional: true,
      sensitivity: 'personal',
    }),
    channel: code({ en: 'Who collected it', zh: '征收渠道', table: paymentChannel }),
    reversedReceiptNo: text({
      en: 'Receipt that this row reverses',
      zh: '被冲销单据号',
      optional: true,
      ...issuedNumber,
      sensitivity: 'internal',
    }),
    handledAt,
  },
});

export const Benefit = defineRecord('Benefit', {
  title: { en: 'Benefit drawn', zh: '社会保险待遇' },
  key: ['benefitNo'],
  about: { beneficiary: person('residentId', { inverse: 'insuranceBenefits', states: { name: 'name' } }) },
  fields: {
    benefitNo: text({ zh: '待遇编号', ...issuedNumber, sensitivity: 'internal' }),
    ...whose,
    insuranceKind: code({ zh: '险种类型', table: insuranceKind, sensitivity: 'internal' }),
    monthlyAmount: decimal({ zh: '月待遇金额', unit: 'CNY', sensitivity: 'personal' }),
    /** For a pension it is a birthday, or the month after it. */
    drawnSince: date({ zh: '待遇开始日期', reveals: ['Person.birthDate'] }),
    drawnSinceYear: integer({ zh: '待遇开始年份', ...statisticalYear }),
    accountNo: text({ en: 'Bank account', zh: '银行账号', optional: true, sensitivity: 'personal', mask: 'account' }),
    /** The last proof that the beneficiary lives and may draw (资格认证). */
    qualifiedOn: date({ zh: '资格认证日期', optional: true, sensitivity: 'internal' }),
    status: code({ zh: '发放状态', table: benefitStatus, sensitivity: 'internal' }),
    handledAt,
  },
});

export const EmploymentRegistration = defineRecord('EmploymentRegistration', {
  title: { en: 'Registration of employment or unemployment', zh: '就业失业登记' },
  key: ['registrationNo'],
  about: {
    worker: person('residentId', { inverse: 'employmentRegistrations', states: { name: 'name' } }),
    employer: organisation('employerCreditCode', { inverse: 'registeredEmployees', states: { name: 'employerName' } }),
    region: region('regionCode'),
  },
  fields: {
    registrationNo: text({ zh: '登记编号', ...issuedNumber, sensitivity: 'internal' }),
    ...whose,
    event: code({ en: 'What was registered', zh: '登记类别', table: employmentEvent, sensitivity: 'internal' }),
    form: code({ en: 'Form of employment', zh: '用工形式', table: employmentForm, optional: true }),
    registeredOn: date({ zh: '登记日期', sensitivity: 'internal' }),
    certificateNo: text({ zh: '就业创业证号', optional: true, sensitivity: 'personal', mask: 'account' }),
    employerCreditCode: text({ zh: '用人单位统一社会信用代码', format: creditCode, optional: true }),
    employerName: text({ zh: '用人单位名称', optional: true, ...publishedBusiness }),
    regionCode: text({ zh: '行政区划代码', format: regionCode, optional: true }),
    note: text({ zh: '备注', optional: true, sensitivity: 'personal' }),
    handledAt,
  },
});
