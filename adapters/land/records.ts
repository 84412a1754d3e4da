/** What the land outpost states besides its cases: parcels, registered rights, homestead approvals, land quotas. */
import { creditCode } from '../kit/identifiers/credit-code.ts';
import { parcelCode, realEstateUnit } from '../kit/identifiers/real-estate-unit.ts';
import { regionCode } from '../kit/identifiers/region-code.ts';
import {
  code,
  date,
  decimal,
  defineRecord,
  flag,
  geometry,
  identityNumber,
  integer,
  issuedNumber,
  organisation,
  person,
  publishedBusiness,
  readByHub,
  region,
  tableWord,
  text,
} from '../kit/index.ts';
import {
  buildingKind,
  coOwnership,
  geometryState,
  parcelState,
  quotaKind,
  quotaScope,
  realRightKind,
  registrationKind,
  rightState,
} from './codes.ts';

/** The place of a home is its owner's address, and neighbours are people. */
const neighbour = (side: string, zh: string) =>
  text({ en: `What adjoins in the ${side}`, zh, optional: true, sensitivity: 'personal', mask: 'hidden' });
const personName = (zh: string) => text({ zh, optional: true, sensitivity: 'personal', mask: 'name' });
const personId = (zh: string) => text({ zh, ...identityNumber, optional: true });

export const Parcel = defineRecord('Parcel', {
  title: { en: 'Parcel of land', zh: '宗地' },
  key: ['parcelCode'],
  about: { village: region('villageCode', { inverse: 'parcels' }) },
  fields: {
    parcelCode: text({ zh: '宗地代码', format: parcelCode, searched: true }),
    unitCode: text({ en: 'Real-estate unit code', zh: '不动产单元号', format: realEstateUnit, optional: true }),
    villageCode: text({ zh: '行政区代码', format: regionCode, optional: true }),
    featureCode: text({ zh: '宗地特征码', optional: true, ...tableWord }),
    location: text({ zh: '坐落', optional: true, sensitivity: 'personal', mask: 'address' }),
    areaM2: decimal({ en: 'Area', zh: '宗地面积', unit: 'm2' }),
    areaAsWritten: text({ en: 'Area with its unit as the source wrote them', zh: '原始面积', ...readByHub }),
    useCode: text({ zh: '用途代码', optional: true, ...tableWord }),
    useName: text({ zh: '用途', optional: true, ...tableWord }),
    grade: text({ zh: '土地等级', optional: true, ...tableWord }),
    rightKind: code({ zh: '权利类型', table: realRightKind, optional: true }),
    rightNature: text({ zh: '权利性质', optional: true, ...tableWord }),
    rightSetting: text({ en: 'How the right was set up', zh: '权利设定方式', optional: true, ...tableWord }),
    plotRatio: decimal({ zh: '容积率', optional: true }),
    boundaryEast: neighbour('east', '宗地四至-东'),
    boundarySouth: neighbour('south', '宗地四至-南'),
    boundaryWest: neighbour('west', '宗地四至-西'),
    boundaryNorth: neighbour('north', '宗地四至-北'),
    mapSheet: text({ zh: '图幅号', optional: true, ...issuedNumber }),
    oldCadastralNo: text({ en: 'Old cadastral number', zh: '地籍号', optional: true, ...issuedNumber }),
    archiveNo: text({ zh: '档案号', optional: true, ...issuedNumber }),
    state: code({ zh: '状态', table: parcelState }),
    changeForbiddenNote: text({ zh: '变更禁止信息', optional: true, sensitivity: 'personal' }),
    changeHint: text({ zh: '变更提示信息', optional: true, sensitivity: 'personal' }),
    /** It reveals as much as the address of a homestead; readers who may not see it still know the village. */
    geometry: geometry({ en: 'Boundary', zh: '界址图形', optional: true, sensitivity: 'personal' }),
    geometryState: code({ zh: '界址图形状态', table: geometryState }),
  },
});

/**
 * One record for a certificate. Up to four holders have fields of their own, so that each is linked to the person and a
 * version with fewer holders leaves no old link; `holderNames` has them all.
 */
export const Right = defineRecord('Right', {
  title: { en: 'Registered right in real estate', zh: '不动产登记' },
  key: ['certificateNo'],
  about: {
    holder: person('holderId', { inverse: 'rights', states: { name: 'holderName' } }),
    holderOrganisation: organisation('holderCreditCode', {
      inverse: 'rights',
      states: { name: 'holderOrganisationName' },
    }),
    secondHolder: person('secondHolderId', { inverse: 'rightsAsSecondHolder', states: { name: 'secondHolderName' } }),
    thirdHolder: person('thirdHolderId', { inverse: 'rightsAsThirdHolder', states: { name: 'thirdHolderName' } }),
    fourthHolder: person('fourthHolderId', { inverse: 'rightsAsFourthHolder', states: { name: 'fourthHolderName' } }),
  },
  fields: {
    certificateNo: text({ zh: '不动产权证号', searched: true, ...issuedNumber }),
    unitCode: text({ en: 'Real-estate unit code', zh: '不动产单元号', format: realEstateUnit }),
    parcelCode: text({ zh: '宗地代码', format: parcelCode, optional: true }),
    holderCount: integer({ zh: '权利人数' }),
    holderNames: text({ en: 'All holders', zh: '权利人', sensitivity: 'personal', mask: 'hidden' }),
    holderName: personName('第一权利人姓名'),
    holderId: personId('第一权利人证件号'),
    holderOrganisationName: text({ zh: '权利单位名称', optional: true, ...publishedBusiness }),
    holderCreditCode: text({ zh: '权利单位统一社会信用代码', format: creditCode, optional: true }),
    secondHolderName: personName('第二权利人姓名'),
    secondHolderId: personId('第二权利人证件号'),
    thirdHolderName: personName('第三权利人姓名'),
    thirdHolderId: personId('第三权利人证件号'),
    fourthHolderName: personName('第四权利人姓名'),
    fourthHolderId: personId('第四权利人证件号'),
    coOwnership: code({ zh: '共有方式', table: coOwnership, optional: true }),
    kind: code({ en: 'Kind of right', zh: '权利类型', table: realRightKind }),
    registrationKind: code({ zh: '登记类型', table: registrationKind }),
    registeredOn: date({ zh: '登记时间' }),
    state: code({ zh: '权属状态', table: rightState }),
    mortgaged: flag({ zh: '抵押', optional: true }),
    seized: flag({ zh: '查封', optional: true }),
    /** True only where both marks are known: an unknown mark must never look like a right without encumbrance. */
    clear: flag({ en: 'Current, and known to be neither mortgaged nor seized', zh: '无抵押查封' }),
  },
});

export const HomesteadApproval = defineRecord('HomesteadApproval', {
  title: { en: 'Approval of a homestead', zh: '宅基地审批' },
  key: ['approvalNo'],
  about: {
    applicant: person('applicantId', { inverse: 'homesteadApprovals', states: { name: 'applicantName' } }),
    village: region('villageCode', { inverse: 'homesteadApprovals' }),
  },
  fields: {
    approvalNo: text({ zh: '审批编号', searched: true, ...issuedNumber }),
    applicantName: text({ zh: '申请人姓名', sensitivity: 'personal', mask: 'name' }),
    applicantId: personId('申请人公民身份号码'),
    villageCode: text({ zh: '行政区代码', format: regionCode, optional: true }),
    householdSize: integer({ zh: '家庭人口', optional: true, sensitivity: 'personal' }),
    areaM2: decimal({ en: 'Approved area', zh: '批准面积', unit: 'm2' }),
    areaAsWritten: text({ en: 'Area with its unit as the source wrote them', zh: '原始面积', ...readByHub }),
    location: text({ zh: '宅基地坐落', optional: true, sensitivity: 'personal', mask: 'address' }),
    buildingKind: code({ zh: '建房类型', table: buildingKind }),
    appliedOn: date({ zh: '申请日期' }),
    villageOpinion: text({ zh: '村级意见', optional: true, sensitivity: 'personal' }),
    villageOpinionOn: date({ zh: '村级意见日期', optional: true }),
    townOpinion: text({ zh: '镇级意见', optional: true, sensitivity: 'personal' }),
    townOpinionOn: date({ zh: '镇级意见日期', optional: true }),
    /** Null since 2020, when the decision passed to the town. */
    countyOpinion: text({ zh: '县级意见', optional: true, sensitivity: 'personal' }),
    countyOpinionOn: date({ zh: '县级意见日期', optional: true }),
    permitNo: text({ zh: '批准书编号', optional: true, ...issuedNumber }),
  },
});

/** The town's share: `usedMu` of its entries of a year and kind over `quotaMu` of the city's, at least 20 %. */
export const QuotaEntry = defineRecord('QuotaEntry', {
  title: { en: 'Entry of the land quota ledger', zh: '用地指标台账' },
  plural: 'quotaEntries',
  key: ['ledgerNo'],
  about: { region: region('regionCode', { inverse: 'quotaEntries' }) },
  fields: {
    ledgerNo: text({ zh: '指标编号' }),
    year: integer({ zh: '年度' }),
    kind: code({ zh: '指标类型', table: quotaKind }),
    scope: code({ zh: '指标层级', table: quotaScope }),
    regionCode: text({ zh: '行政区代码', format: regionCode }),
    sourceProject: text({ zh: '来源项目', optional: true }),
    quotaMu: decimal({ en: 'Quota', zh: '指标面积', unit: 'mu' }),
    usedMu: decimal({ en: 'Used', zh: '已用面积', unit: 'mu' }),
    balanceMu: decimal({ en: 'Balance', zh: '结余面积', unit: 'mu' }),
  },
});
