/**
 * The register's code tables. Editions: `number` is what the exchange's specification says, `words` is what windows type
 * instead; words are compared in half width (NFKC), so `存续（在营）` stands here as `存续(在营)`.
 */
import { codeTable } from '../kit/index.ts';

export const marketEntityType = codeTable(
  'MarketEntityType',
  { en: 'Kind of market entity', zh: '市场主体类型' },
  {
    LIMITED_COMPANY: {
      en: 'Limited liability company',
      zh: '有限责任公司',
      codes: { number: ['1100', '1130', '1190'], words: ['有限责任公司', '有限责任公司(自然人投资或控股)'] },
    },
    SOLE_SHAREHOLDER_COMPANY: {
      en: 'Limited liability company of one shareholder',
      zh: '一人有限责任公司',
      codes: { number: ['1150', '1151', '1152'], words: ['有限责任公司(自然人独资)'] },
    },
    JOINT_STOCK_COMPANY: {
      en: 'Company limited by shares',
      zh: '股份有限公司',
      codes: { number: ['1200', '1219'], words: '股份有限公司' },
    },
    BRANCH: { en: 'Branch', zh: '分公司', codes: { number: ['2100', '2130'], words: '分公司' } },
    SOLE_PROPRIETORSHIP: {
      en: 'Sole proprietorship',
      zh: '个人独资企业',
      codes: { number: '4540', words: '个人独资企业' },
    },
    PARTNERSHIP: { en: 'Partnership', zh: '合伙企业', codes: { number: ['4530', '4531'], words: '合伙企业' } },
    COOPERATIVE: {
      en: "Farmers' co-operative",
      zh: '农民专业合作社',
      codes: { number: '9100', words: '农民专业合作社' },
    },
    SOLE_TRADER: { en: 'Sole trader', zh: '个体工商户', codes: { number: '9500', words: ['个体工商户', '个体'] } },
  },
);

export const marketEntityState = codeTable(
  'MarketEntityState',
  { en: 'State of registration', zh: '登记状态' },
  {
    ACTIVE: {
      en: 'In business',
      zh: '存续',
      codes: {
        number: '1',
        words: ['存续(在营、开业、在册)', '在营(开业)企业', '存续', '在营', '开业', '在业', '在册'],
      },
    },
    REVOKED: {
      en: 'Licence revoked, not yet deregistered',
      zh: '吊销未注销',
      codes: { number: '2', words: ['吊销', '吊销,未注销', '吊销未注销'] },
    },
    DEREGISTERED: {
      en: 'Deregistered',
      zh: '注销',
      codes: { number: '3', words: ['注销', '已注销', '吊销,已注销'] },
    },
    MOVED_OUT: { en: 'Moved to another registrar', zh: '迁出', codes: { number: '4', words: ['迁出', '已迁出'] } },
    OTHER: { en: 'Other', zh: '其他', codes: { number: '9', words: '其他' } },
  },
);

export const businessChangeItem = codeTable(
  'BusinessChangeItem',
  { en: 'What was changed', zh: '变更事项' },
  {
    NAME: { en: 'Name', zh: '名称', codes: { number: '01', words: ['名称', '名称变更'] } },
    ADDRESS: { en: 'Address', zh: '住所', codes: { number: '02', words: ['住所', '住所变更', '经营场所变更'] } },
    REPRESENTATIVE: {
      en: 'Legal representative or operator',
      zh: '法定代表人',
      codes: { number: '03', words: ['法定代表人', '法定代表人变更', '经营者变更'] },
    },
    CAPITAL: { en: 'Registered capital', zh: '注册资本', codes: { number: '04', words: ['注册资本', '注册资本变更'] } },
    SCOPE: { en: 'Scope of business', zh: '经营范围', codes: { number: '05', words: ['经营范围', '经营范围变更'] } },
    TERM: { en: 'Term of business', zh: '经营期限', codes: { number: '06', words: ['经营期限', '经营期限变更'] } },
    DEREGISTRATION: { en: 'Deregistration', zh: '注销', codes: { number: '30', words: ['注销', '注销登记'] } },
    OTHER: { en: 'Other', zh: '其他', codes: { number: '99', words: '其他' } },
  },
);

export const abnormalListingReason = codeTable(
  'AbnormalListingReason',
  { en: 'Reason of the listing', zh: '列入原因' },
  {
    NO_ANNUAL_REPORT: {
      en: 'No annual report published in time',
      zh: '未按规定的期限公示年度报告',
      codes: { number: '1', words: '未按规定的期限公示年度报告' },
    },
    INFORMATION_NOT_PUBLISHED: {
      en: 'Information not published when ordered',
      zh: '未按责令的期限公示有关企业信息',
      codes: { number: '2', words: '未按责令的期限公示有关企业信息' },
    },
    FALSE_INFORMATION: {
      en: 'Published information hides the truth',
      zh: '公示信息隐瞒真实情况、弄虚作假',
      codes: { number: '3', words: '公示信息隐瞒真实情况、弄虚作假' },
    },
    NOT_AT_ADDRESS: {
      en: 'Cannot be reached at its registered address',
      zh: '通过登记的住所无法联系',
      codes: { number: '4', words: '通过登记的住所无法联系' },
    },
  },
);

export const abnormalListingState = codeTable(
  'AbnormalListingState',
  { en: 'State of the listing', zh: '列入状态' },
  { LISTED: { en: 'Listed', zh: '已列入' }, REMOVED: { en: 'Removed', zh: '已移出' } },
);
