/** Code tables of the police. Editions: `police` where one column has one spelling, else `number` and `word`. */
import { codeTable } from '../kit/index.ts';

export const sex = codeTable(
  'RegisteredSex',
  { en: 'Sex', zh: '性别' },
  {
    UNKNOWN: { en: 'Unknown', zh: '未知的性别', codes: { number: ['0', '00'], word: '未知' } },
    MALE: { en: 'Male', zh: '男', codes: { number: ['1', '01'], word: ['男', '男性', 'M'] } },
    FEMALE: { en: 'Female', zh: '女', codes: { number: ['2', '02'], word: ['女', '女性', 'F'] } },
    UNSPECIFIED: { en: 'Not specified', zh: '未说明的性别', codes: { number: ['9', '09'], word: '未说明' } },
  },
);

/** GB/T 4761, by group: the hall needs to know who is whose child, spouse or parent. */
export const relationToHead = codeTable(
  'RelationToHead',
  { en: 'Relation to the head of the household', zh: '与户主关系' },
  {
    HEAD: { en: 'Head', zh: '户主', codes: { police: ['01', '00'] } },
    SPOUSE: { en: 'Spouse', zh: '配偶', codes: { police: ['02', '10', '11', '12'] } },
    SON: { en: 'Son', zh: '子', codes: { police: ['20', '21', '22', '23', '24', '28', '29'] } },
    DAUGHTER: { en: 'Daughter', zh: '女', codes: { police: ['30', '31', '32', '33', '34', '38', '39'] } },
    GRANDCHILD: { en: 'Grandchild', zh: '孙子女', codes: { police: ['40', '41', '42', '43', '44', '49'] } },
    PARENT: { en: 'Parent', zh: '父母', codes: { police: ['50', '51', '52', '53', '54', '55', '56', '59'] } },
    GRANDPARENT: { en: 'Grandparent', zh: '祖父母', codes: { police: ['60', '61', '62', '63', '64', '69'] } },
    SIBLING: { en: 'Sibling', zh: '兄弟姐妹', codes: { police: ['70', '71', '73', '75', '77', '79'] } },
    OTHER: { en: 'Other', zh: '其他', codes: { police: ['80', '90', '97', '98', '99'] } },
  },
);

export const residentStatus = codeTable(
  'ResidentStatus',
  { en: 'Status of a resident', zh: '人员状态' },
  {
    REGISTERED: { en: 'Registered', zh: '正常', codes: { police: '0' } },
    DECEASED: { en: 'Deceased', zh: '死亡', codes: { police: '1' } },
    MOVED_OUT: { en: 'Moved out', zh: '迁出', codes: { police: '2' } },
    CANCELLED: { en: 'Cancelled otherwise', zh: '其他注销', codes: { police: '9' } },
  },
);

export const identityCardKind = codeTable(
  'IdentityCardKind',
  { en: 'Why a card was made', zh: '办证类型' },
  {
    FIRST: { en: 'First card', zh: '首次申领', codes: { police: '1' } },
    RENEWAL: { en: 'Renewal', zh: '换领', codes: { police: '2' } },
    REPLACEMENT: { en: 'Replacement of a lost or damaged card', zh: '补领', codes: { police: '3' } },
  },
);

export const residenceReason = codeTable(
  'ResidenceReason',
  { en: 'Reason of residence', zh: '居住事由' },
  {
    WORK: { en: 'Work', zh: '务工', codes: { police: '1' } },
    BUSINESS: { en: 'Business', zh: '经商', codes: { police: '2' } },
    STUDY: { en: 'Study', zh: '就学', codes: { police: '3' } },
    FAMILY: { en: 'Family', zh: '投靠亲友', codes: { police: '4' } },
    OTHER: { en: 'Other', zh: '其他', codes: { police: '9' } },
  },
);

export const householdChangeKind = codeTable(
  'HouseholdChangeKind',
  { en: 'Kind of household change', zh: '变动类别' },
  {
    BIRTH: { en: 'Birth', zh: '出生登记', codes: { police: '11' } },
    MOVE_IN: { en: 'Move in', zh: '迁入', codes: { police: '12' } },
    RESTORATION: { en: 'Registration restored', zh: '恢复户口', codes: { police: '13' } },
    DEATH: { en: 'Death', zh: '死亡注销', codes: { police: '21' } },
    MOVE_OUT: { en: 'Move out', zh: '迁出', codes: { police: '22' } },
    NAME_CHANGE: { en: 'Change of name', zh: '姓名变更', codes: { police: '31' } },
  },
);
