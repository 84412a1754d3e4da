/** The police's kinds of record. People, cards and permits may be asked about but not copied (不落地): `live: 'only'`. */
import { phone } from '../kit/identifiers/phone.ts';
import { regionCode } from '../kit/identifiers/region-code.ts';
import {
  agencyName,
  code,
  date,
  defineRecord,
  flag,
  identityNumber,
  instant,
  integer,
  person,
  region,
  statisticalYear,
  text,
} from '../kit/index.ts';
import {
  householdChangeKind,
  identityCardKind,
  relationToHead,
  residenceReason,
  residentStatus,
  sex,
} from './codes.ts';
import { nation } from './nations.ts';

const personal = { sensitivity: 'personal' } as const;
const identity = { ...personal, mask: 'identity' } as const;
const personName = { ...personal, mask: 'name' } as const;
const address = { ...personal, mask: 'address' } as const;

export const Resident = defineRecord('Resident', {
  title: { en: 'Registered resident', zh: '常住人口' },
  key: ['residentId'],
  live: 'only',
  /** The police state an entry on the day from which it is valid. */
  timeReveals: ['validFrom'],
  about: {
    person: person('residentId', {
      inverse: 'residents',
      states: { name: 'name', birthDate: 'birthDate', sex: 'sex', address: 'address' },
    }),
    region: region('villageCode'),
  },
  fields: {
    residentId: text({ zh: '公民身份号码', ...identityNumber }),
    name: text({ zh: '姓名', ...personName }),
    formerName: text({ zh: '曾用名', optional: true, ...personName }),
    sex: code({ zh: '性别', table: sex, optional: true, ...personal }),
    nation: code({ zh: '民族', table: nation, optional: true, ...personal }),
    birthDate: date({ zh: '出生日期', optional: true, ...personal }),
    householdNo: text({ en: 'Household number', zh: '户号', optional: true, ...identity }),
    relationToHead: code({ zh: '与户主关系', table: relationToHead, optional: true, ...personal }),
    villageCode: text({ zh: '村（居）委会代码', format: regionCode, optional: true }),
    address: text({ zh: '户籍地址', optional: true, ...address }),
    status: code({ zh: '人员状态', table: residentStatus, ...personal }),
    cancelled: flag({ zh: '注销标志', ...personal }),
    /** False where the police know only a former entry (历史). */
    current: flag({ en: 'Entry in force', zh: '现行记录' }),
    validFrom: date({ zh: '起始日期', optional: true, ...personal }),
    /** Null for entries without an end. */
    validUntil: date({ zh: '结束日期', optional: true, ...personal }),
    policeStation: text({ zh: '派出所', optional: true, ...agencyName }),
  },
});

export const IdentityCard = defineRecord('IdentityCard', {
  title: { en: 'Resident identity card', zh: '居民身份证' },
  key: ['acceptanceNo'],
  live: 'only',
  /** The police state an entry on the day from which it is valid. */
  timeReveals: ['validFrom'],
  about: { person: person('residentId', { inverse: 'identityCards', states: { name: 'name' } }) },
  fields: {
    acceptanceNo: text({ en: 'Acceptance number', zh: '受理号', ...identity }),
    residentId: text({ zh: '公民身份号码', ...identityNumber }),
    name: text({ zh: '姓名', ...personName }),
    kind: code({ zh: '办证类型', table: identityCardKind, ...personal }),
    issuedBy: text({ zh: '签发机关', optional: true, ...agencyName }),
    validFrom: date({ zh: '有效期起始日期', optional: true, ...personal }),
    /** Null with `longTerm`. */
    validUntil: date({ zh: '有效期截止日期', optional: true, ...personal }),
    /** For people who were 46 or older when it was issued. */
    longTerm: flag({ zh: '长期有效', ...personal }),
  },
});

export const ResidencePermit = defineRecord('ResidencePermit', {
  title: { en: 'Residence permit', zh: '居住证' },
  key: ['permitNo'],
  live: 'only',
  /** The police state an entry on the day from which it is valid. */
  timeReveals: ['validFrom'],
  about: {
    person: person('residentId', { inverse: 'residencePermits', states: { name: 'name' } }),
    region: region('villageCode'),
  },
  fields: {
    permitNo: text({ en: 'Permit number', zh: '居住证号', ...identity }),
    residentId: text({ zh: '公民身份号码', ...identityNumber }),
    name: text({ zh: '姓名', ...personName }),
    villageCode: text({ zh: '村（居）委会代码', format: regionCode, optional: true }),
    address: text({ en: 'Address of residence', zh: '居住地址', optional: true, ...address }),
    landlordName: text({ zh: '房主姓名', optional: true, ...personName }),
    reason: code({ zh: '居住事由', table: residenceReason, optional: true, ...personal }),
    contactPhone: text({ zh: '联系电话', format: phone, optional: true, ...personal, mask: 'phone' }),
    validFrom: date({ zh: '有效期起始日期', optional: true, ...personal }),
    validUntil: date({ zh: '有效期截止日期', optional: true, ...personal }),
  },
});

export const HouseholdChange = defineRecord('HouseholdChange', {
  title: { en: 'Household change', zh: '户籍变动' },
  key: ['changeNo'],
  timeReveals: ['birthDate'],
  about: {
    person: person('residentId', { inverse: 'householdChanges', states: { name: 'name', birthDate: 'birthDate' } }),
    region: region('villageCode'),
  },
  fields: {
    /** It contains the year and, in order, the births of the year. */
    changeNo: text({ en: 'Number of the change', zh: '变动编号', reveals: ['birthDate'] }),
    kind: code({ zh: '变动类别', table: householdChangeKind }),
    residentId: text({ zh: '公民身份号码', ...identityNumber }),
    name: text({ en: 'Name after the change', zh: '姓名', ...personName }),
    formerName: text({ en: 'Name before the change', zh: '变更前姓名', optional: true, ...personName }),
    birthDate: date({ zh: '出生日期', optional: true, ...personal }),
    householdNo: text({ en: 'Household number', zh: '户号', optional: true, ...identity }),
    villageCode: text({ zh: '村（居）委会代码', format: regionCode, optional: true }),
    happenedOn: date({ zh: '变动日期', reveals: ['birthDate'] }),
    /** Months after `happenedOn` where a death was registered late; for births some days after the birthday. */
    registeredOn: date({ zh: '登记日期', reveals: ['birthDate'] }),
    registeredYear: integer({ zh: '登记年份', ...statisticalYear }),
    fromAddress: text({ zh: '迁出地址', optional: true, ...address }),
    toAddress: text({ zh: '迁往地址', optional: true, ...address }),
    applicantName: text({ en: 'Name of the applicant', zh: '申报人姓名', optional: true, ...personName }),
  },
});

/** Numbers only, never people: the denominators of the coverage rate. */
export const ResidentCount = defineRecord('ResidentCount', {
  title: { en: 'Residents of a village in a month', zh: '常住人口月度统计' },
  key: ['villageCode', 'month'],
  about: { region: region('villageCode', { inverse: 'residentCounts' }) },
  fields: {
    villageCode: text({ zh: '村（居）委会代码', format: regionCode }),
    /** The month's first day; the numbers are those of its last. */
    month: date({ zh: '统计月份' }),
    residents: integer({ zh: '常住人口数', unit: 'persons' }),
    males: integer({ zh: '男性人数', unit: 'persons', optional: true }),
    females: integer({ zh: '女性人数', unit: 'persons', optional: true }),
    /** The pension for residents (城乡居民养老) insures people from 16 on. */
    aged16OrOlder: integer({ en: 'Aged 16 or older', zh: '满16周岁人数', unit: 'persons', optional: true }),
    aged60OrOlder: integer({ en: 'Aged 60 or older', zh: '满60周岁人数', unit: 'persons', optional: true }),
    countedAt: instant({ zh: '统计时间' }),
  },
});
