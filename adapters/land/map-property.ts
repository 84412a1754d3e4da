/** Restates rows about land itself: parcels, rights, homestead approvals, quotas. */
import { plainSpelling } from '../kit/identifiers/spelling.ts';
import {
  type RecordOf,
  Rejection,
  readCode,
  readDate,
  readDecimal,
  readInteger,
  readText,
  required,
} from '../kit/index.ts';
import { readArea } from './area.ts';
import {
  buildingKind,
  coOwnership,
  parcelState,
  quotaKind,
  quotaScope,
  realRightKind,
  registrationKind,
  rightState,
} from './codes.ts';
import type { Row } from './exchange-row.ts';
import { readBoundary } from './geometry.ts';
import { type Holder, readHolders } from './holders.ts';
import type { HomesteadApproval, Parcel, QuotaEntry, Right } from './records.ts';

const PARCEL_LENGTH = 19;
/** The parcel is the first part of its unit's code; null where the code has a wrong length. */
function parcelOfUnit(unitCode: string | null): string | null {
  const unit = unitCode === null ? '' : plainSpelling(unitCode);
  return unit.length === PARCEL_LENGTH + 9 ? unit.slice(0, PARCEL_LENGTH) : null;
}

/** Old rows have only the cadastral number beside the unit's code. */
export const restateParcel = (row: Row): RecordOf<typeof Parcel> => ({
  parcelCode: required('zddm', readText(row.zddm) ?? parcelOfUnit(readText(row.bdcdyh))),
  unitCode: readText(row.bdcdyh),
  villageCode: readText(row.xzqdm),
  featureCode: readText(row.zdtzm),
  location: readText(row.zl),
  ...readArea('zdmj', row.zdmj, 'mjdw', row.mjdw),
  useCode: readText(row.yt),
  useName: readText(row.ytmc),
  grade: readText(row.dj),
  rightKind: readCode('qllx', realRightKind, 'bdc', row.qllx),
  rightNature: readText(row.qlxz),
  rightSetting: readText(row.qlsdfs),
  plotRatio: readDecimal('rjl', row.rjl),
  boundaryEast: readText(row.zdszd),
  boundarySouth: readText(row.zdszn),
  boundaryWest: readText(row.zdszx),
  boundaryNorth: readText(row.zdszb),
  mapSheet: readText(row.tfh),
  oldCadastralNo: readText(row.djh),
  archiveNo: readText(row.dah),
  state: required('zt', readCode('zt', parcelState, 'bdc', row.zt)),
  changeForbiddenNote: readText(row.bgjzxx),
  changeHint: readText(row.bgtsxx),
  ...readBoundary(readText(row.shape)),
});

const marks: Readonly<Record<string, boolean>> = { '1': true, 是: true, Y: true, '0': false, 否: false, N: false };
function readMark(field: string, raw: unknown): boolean | null {
  const text = readText(raw)?.toUpperCase();
  if (text === undefined) return null;
  const mark = marks[text];
  if (mark === undefined) throw new Rejection(field, 'is neither yes nor no');
  return mark;
}

const personOf = (holder: Holder | undefined) => {
  const natural = holder && !holder.organisation ? holder : null;
  return { name: natural?.name ?? null, id: natural?.number ?? null };
};

function restateHolders(row: Row) {
  const holders = readHolders(row.qlr, row.qlrzjh);
  // The first organisation in the list: the others are found in holderNames.
  const company = holders.find(holder => holder.organisation);
  const [first, second, third, fourth] = holders.map(personOf);
  return {
    holderCount: holders.length,
    holderNames: holders.map(holder => holder.name).join('、'),
    holderName: first?.name,
    holderId: first?.id,
    holderOrganisationName: company?.name,
    holderCreditCode: company?.number,
    secondHolderName: second?.name,
    secondHolderId: second?.id,
    thirdHolderName: third?.name,
    thirdHolderId: third?.id,
    fourthHolderName: fourth?.name,
    fourthHolderId: fourth?.id,
  };
}

/** One spelling for `鲁（2024）禹城市…` and `鲁(2024)禹城市 …`. */
export const certificateSpelling = (raw: string): string => raw.normalize('NFKC').replaceAll(/\s/g, '');

export function restateRight(row: Row): RecordOf<typeof Right> {
  const state = required('qszt', readCode('qszt', rightState, 'bdc', row.qszt));
  const mortgaged = readMark('dyaq', row.dyaq);
  const seized = readMark('cfdj', row.cfdj);
  const unitCode = required('bdcdyh', readText(row.bdcdyh));
  return {
    certificateNo: certificateSpelling(required('bdcqzh', readText(row.bdcqzh))),
    unitCode,
    parcelCode: parcelOfUnit(unitCode),
    ...restateHolders(row),
    coOwnership: readCode('gyfs', coOwnership, 'bdc', row.gyfs),
    kind: required('qllx', readCode('qllx', realRightKind, 'bdc', row.qllx)),
    registrationKind: required('djlx', readCode('djlx', registrationKind, 'bdc', row.djlx)),
    registeredOn: required('djsj', readDate('djsj', row.djsj)),
    state,
    mortgaged,
    seized,
    clear: state === 'CURRENT' && mortgaged === false && seized === false,
  };
}

export const restateHomestead = (row: Row): RecordOf<typeof HomesteadApproval> => ({
  approvalNo: required('spbh', readText(row.spbh)),
  applicantName: required('sqr', readText(row.sqr)),
  applicantId: readText(row.sqrzjh),
  villageCode: readText(row.xzqdm),
  householdSize: readInteger('jtrk', row.jtrk),
  ...readArea('pzmj', row.pzmj, 'mjdw', row.mjdw),
  location: readText(row.zl),
  buildingKind: required('jflx', readCode('jflx', buildingKind, 'zjd', row.jflx)),
  appliedOn: required('sqrq', readDate('sqrq', row.sqrq)),
  villageOpinion: readText(row.cyj),
  villageOpinionOn: readDate('cyjrq', row.cyjrq),
  townOpinion: readText(row.zyj),
  townOpinionOn: readDate('zyjrq', row.zyjrq),
  countyOpinion: readText(row.xyj),
  countyOpinionOn: readDate('xyjrq', row.xyjrq),
  permitNo: readText(row.pzsbh),
});

export const restateQuota = (row: Row): RecordOf<typeof QuotaEntry> => ({
  ledgerNo: required('zbbh', readText(row.zbbh)),
  year: required('nd', readInteger('nd', row.nd)),
  kind: required('zblx', readCode('zblx', quotaKind, 'zb', row.zblx)),
  scope: required('zbjb', readCode('zbjb', quotaScope, 'zb', row.zbjb)),
  regionCode: required('xzqdm', readText(row.xzqdm)),
  sourceProject: readText(row.lyxm),
  quotaMu: required('zbmj', readDecimal('zbmj', row.zbmj)),
  usedMu: required('yymj', readDecimal('yymj', row.yymj)),
  balanceMu: required('jymj', readDecimal('jymj', row.jymj)),
});
