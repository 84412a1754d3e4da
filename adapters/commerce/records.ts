/** What the market registration outpost (市场监管所, once 工商所) knows about businesses. */

import { creditCode } from '../kit/identifiers/credit-code.ts';
import { phone } from '../kit/identifiers/phone.ts';
import { regionCode } from '../kit/identifiers/region-code.ts';
import { registrationNumber } from '../kit/identifiers/registration-number.ts';
import {
  agencyName,
  code,
  date,
  decimal,
  defineRecord,
  flag,
  identityNumber,
  issuedNumber,
  organisation,
  person,
  publishedBusiness,
  region,
  tableWord,
  text,
} from '../kit/index.ts';
import {
  abnormalListingReason,
  abnormalListingState,
  businessChangeItem,
  marketEntityState,
  marketEntityType,
} from './codes.ts';
import { industrySection } from './industry.ts';

const entityNo = text({ en: "Register's number of the entity (PRIPID)", zh: '主体身份代码', ...issuedNumber });
/** Optional: older sole traders have only the registration number. */
const entityCreditCode = text({ zh: '统一社会信用代码', format: creditCode, optional: true, searched: true });

export const MarketEntity = defineRecord('MarketEntity', {
  title: { en: 'Market entity: an enterprise, co-operative or sole trader', zh: '市场主体' },
  plural: 'marketEntities',
  key: ['entityNo'],
  live: 'also',
  about: {
    organisation: organisation('creditCode', {
      inverse: 'marketEntities',
      states: { name: 'name', address: 'address', representativeName: 'legalRepresentativeName' },
    }),
    legalRepresentative: person('legalRepresentativeId', {
      inverse: 'representedEntities',
      states: { name: 'legalRepresentativeName' },
    }),
    region: region('regionCode'),
  },
  fields: {
    entityNo,
    creditCode: entityCreditCode,
    registrationNo: text({ zh: '注册号', format: registrationNumber, optional: true, searched: true }),
    name: text({ zh: '名称', searched: true, ...publishedBusiness }),
    type: code({ zh: '主体类型', table: marketEntityType }),
    state: code({ zh: '登记状态', table: marketEntityState }),
    legalRepresentativeName: text({
      en: 'Legal representative; of a sole trader the operator',
      zh: '法定代表人（经营者）',
      optional: true,
      sensitivity: 'personal',
      mask: 'name',
    }),
    legalRepresentativeId: text({
      en: "Legal representative's resident id",
      zh: '法定代表人（经营者）公民身份号码',
      ...identityNumber,
      optional: true,
    }),
    phone: text({ zh: '联系电话', format: phone, optional: true, sensitivity: 'personal', mask: 'phone' }),
    registeredCapital: decimal({ zh: '注册资本（元）', unit: 'CNY', optional: true }),
    foreignCapital: text({
      en: 'Registered capital in another currency, as registered',
      zh: '外币注册资本',
      optional: true,
      ...publishedBusiness,
    }),
    establishedOn: date({ zh: '成立日期' }),
    termFrom: date({ en: 'Term of business from', zh: '经营期限自', optional: true }),
    /** Null with `longTerm`: it does not end (长期). */
    termTo: date({ en: 'Term of business to', zh: '经营期限至', optional: true }),
    longTerm: flag({ en: 'Term without end', zh: '长期经营' }),
    approvedOn: date({ en: 'Approved on', zh: '核准日期', optional: true }),
    scope: text({ en: 'Scope of business', zh: '经营范围', optional: true, ...publishedBusiness }),
    address: text({ zh: '住所（经营场所）', optional: true, searched: true, ...publishedBusiness }),
    regionCode: text({ zh: '住所所在区划', format: regionCode, optional: true }),
    industrySection: code({ zh: '行业门类', table: industrySection, optional: true }),
    industryClass: text({ en: 'Class of industry, GB/T 4754', zh: '行业代码', optional: true, ...tableWord }),
    industryMismatch: flag({ en: 'Section and class of industry disagree', zh: '行业门类与代码不符' }),
    registrarCode: text({ zh: '登记机关', format: regionCode, optional: true }),
  },
});

export const BusinessChange = defineRecord('BusinessChange', {
  title: { en: 'Change of a market entity', zh: '市场主体变更' },
  key: ['changeNo'],
  about: { organisation: organisation('creditCode', { inverse: 'businessChanges' }) },
  fields: {
    changeNo: text({ zh: '变更编号', ...issuedNumber }),
    entityNo,
    creditCode: entityCreditCode,
    item: code({ zh: '变更事项', table: businessChangeItem }),
    /** For other changed items the register writes shareholders and managers into it. */
    before: text({ zh: '变更前内容', optional: true, sensitivity: 'personal' }),
    after: text({ zh: '变更后内容', optional: true, sensitivity: 'personal' }),
    /** A field of its own, so that it is masked as a name. */
    representativeBefore: text({ zh: '变更前法定代表人', optional: true, sensitivity: 'personal', mask: 'name' }),
    representativeAfter: text({ zh: '变更后法定代表人', optional: true, sensitivity: 'personal', mask: 'name' }),
    changedOn: date({ zh: '变更日期' }),
  },
});

export const AbnormalListing = defineRecord('AbnormalListing', {
  title: { en: 'Listing as operating abnormally', zh: '经营异常名录' },
  key: ['listingNo'],
  about: { organisation: organisation('creditCode', { inverse: 'abnormalListings' }) },
  fields: {
    listingNo: text({ zh: '列入编号', ...issuedNumber }),
    entityNo,
    creditCode: entityCreditCode,
    entityName: text({ en: 'Name of the entity when listed', zh: '主体名称', ...publishedBusiness }),
    reason: code({ zh: '列入原因', table: abnormalListingReason }),
    /** A removal comes as an update of the same listing. */
    state: code({ zh: '列入状态', table: abnormalListingState }),
    listedOn: date({ zh: '列入日期' }),
    listedBy: text({ zh: '列入机关', optional: true, ...agencyName }),
    removedOn: date({ zh: '移出日期', optional: true }),
    removedBy: text({ zh: '移出机关', optional: true, ...agencyName }),
    removalReason: text({ zh: '移出原因', optional: true, sensitivity: 'personal' }),
  },
});
