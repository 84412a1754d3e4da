/** The code tables of social security (社会保险指标体系代码), with the editions that give their digits a meaning. */
import { codeTable } from '../kit/index.ts';

/** AAC004: digits of GB/T 2261.1 or the Chinese word. The names are the same that other agencies state of a person. */
export const insuredSex = codeTable(
  'InsuredSex',
  { en: 'Sex as social security has it', zh: '性别（社保）' },
  {
    UNKNOWN: { en: 'Unknown', zh: '未知', codes: { digit: '0', word: '未知' } },
    MALE: { en: 'Male', zh: '男', codes: { digit: ['1', '01'], word: ['男', '男性', 'M'] } },
    FEMALE: { en: 'Female', zh: '女', codes: { digit: ['2', '02'], word: ['女', '女性', 'F'] } },
    UNSPECIFIED: { en: 'Unspecified', zh: '未说明', codes: { digit: '9', word: '未说明' } },
  },
);

/**
 * AAE140. The new rural scheme (新农保) and the urban scheme (城居保) became one in 2014 (国发〔2014〕8号): rows handled before
 * keep the old codes, which the edition of 2014 no longer has.
 */
export const insuranceKind = codeTable(
  'InsuranceKind',
  { en: 'Kind of insurance', zh: '险种类型' },
  {
    EMPLOYEE_PENSION: { en: 'Pension of employees', zh: '职工基本养老保险', codes: { '2009': '110', '2014': '110' } },
    RESIDENT_PENSION: {
      en: 'Pension of residents',
      zh: '城乡居民基本养老保险',
      codes: { '2009': ['150', '160'], '2014': '170' },
    },
    UNEMPLOYMENT: { en: 'Unemployment', zh: '失业保险', codes: { '2009': '210', '2014': '210' } },
    EMPLOYEE_MEDICAL: { en: 'Medical, employees', zh: '职工基本医疗保险', codes: { '2009': '310', '2014': '310' } },
    RESIDENT_MEDICAL: { en: 'Medical, residents', zh: '城乡居民基本医疗保险', codes: { '2009': '390', '2014': '390' } },
    WORK_INJURY: { en: 'Work injury', zh: '工伤保险', codes: { '2009': '410', '2014': '410' } },
  },
);
export type InsuranceKindEdition = '2009' | '2014';
/** Rows handled from this day on are coded in the edition of 2014. */
export const INSURANCE_KINDS_MERGED_ON = '2014-02-21';

/** AAC008. */
export const insuranceStatus = codeTable(
  'InsuranceStatus',
  { en: 'State of an insurance', zh: '参保状态' },
  {
    NORMAL: { en: 'Normal', zh: '正常参保', codes: { aac008: '1' } },
    PAUSED: { en: 'Paused', zh: '暂停参保', codes: { aac008: '2' } },
    ENDED: { en: 'Ended', zh: '终止参保', codes: { aac008: '3' } },
  },
);

/** Collection of premiums moved from the social-security offices to the tax offices in 2019 and 2020. */
export const paymentChannel = codeTable(
  'PaymentChannel',
  { en: 'Who collected a premium', zh: '征收渠道' },
  {
    HUMAN_RESOURCES: { en: 'Social security office', zh: '人社征收', codes: { aab033: '1' } },
    TAX: { en: 'Tax office', zh: '税务征收', codes: { aab033: '2' } },
  },
);

/** AAE116. */
export const benefitStatus = codeTable(
  'BenefitStatus',
  { en: 'State of a benefit', zh: '待遇发放状态' },
  {
    DRAWING: { en: 'Drawing', zh: '正常发放', codes: { aae116: '1' } },
    PAUSED: { en: 'Paused', zh: '暂停发放', codes: { aae116: '2' } },
    ENDED: { en: 'Ended', zh: '终止发放', codes: { aae116: '3' } },
  },
);

export const employmentEvent = codeTable(
  'EmploymentEvent',
  { en: 'What was registered', zh: '就业失业登记类别' },
  {
    EMPLOYED: { en: 'Employment', zh: '就业登记', codes: { acc201: '1' } },
    UNEMPLOYED: { en: 'Unemployment', zh: '失业登记', codes: { acc201: '2' } },
  },
);

/** AAC013. */
export const employmentForm = codeTable(
  'EmploymentForm',
  { en: 'Form of employment', zh: '用工形式' },
  {
    UNIT: { en: 'Employed by a unit', zh: '单位就业', codes: { aac013: '1' } },
    FLEXIBLE: { en: 'Flexible', zh: '灵活就业', codes: { aac013: '2' } },
    SELF_EMPLOYED: { en: 'Self-employed', zh: '自主创业', codes: { aac013: '3' } },
  },
);
