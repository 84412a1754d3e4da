/** Restates one row of the police. */
import {
  put,
  readCode,
  readDate,
  readInstant,
  readInteger,
  readText,
  required,
  type Statement,
  yearOf,
} from '../kit/index.ts';
import { householdChangeKind, identityCardKind, relationToHead, residenceReason, residentStatus } from './codes.ts';
import { mapApproval, mapCaseClosing, mapCaseReport } from './map-case.ts';
import {
  readFlag,
  readLiveSource,
  readMonth,
  readNation,
  readPeriod,
  readRegion,
  readSex,
  readSource,
} from './reading.ts';
import { HouseholdChange, IdentityCard, ResidencePermit, Resident, ResidentCount } from './records.ts';
import type { PoliceRow, ServiceKind } from './services.ts';
import { state } from './state.ts';

type Row = PoliceRow['row'];

function mapResident(row: Row): Statement {
  const period = readPeriod(row, 'QYSJ', 'JSSJ');
  return put(Resident, readLiveSource(row), {
    residentId: required('GMSFHM', readText(row.GMSFHM)),
    name: required('XM', readText(row.XM)),
    formerName: readText(row.ZYM),
    sex: readSex(row),
    nation: readNation(row),
    birthDate: readDate('CSRQ', row.CSRQ),
    householdNo: readText(row.HH),
    relationToHead: readCode('YHZGX', relationToHead, 'police', row.YHZGX),
    villageCode: readText(row.JCWH),
    address: readText(row.MLXZ),
    status: required('RYZT', readCode('RYZT', residentStatus, 'police', row.RYZT)),
    cancelled: readFlag('CXBZ', row.CXBZ),
    current: readText(row.JLBZ) !== '2',
    validFrom: period.from,
    validUntil: period.until,
    policeStation: readText(row.PCS),
  });
}

function mapIdentityCard(row: Row): Statement {
  const period = readPeriod(row, 'YXQXQSRQ', 'YXQXJZRQ');
  return put(IdentityCard, readLiveSource(row), {
    acceptanceNo: required('SLH', readText(row.SLH)),
    residentId: required('GMSFHM', readText(row.GMSFHM)),
    name: required('XM', readText(row.XM)),
    kind: required('BZLX', readCode('BZLX', identityCardKind, 'police', row.BZLX)),
    issuedBy: readText(row.QFJG),
    validFrom: period.from,
    validUntil: period.until,
    longTerm: period.openEnded,
  });
}

function mapResidencePermit(row: Row): Statement {
  const period = readPeriod(row, 'YXQXQSRQ', 'YXQXJZRQ');
  return put(ResidencePermit, readLiveSource(row), {
    permitNo: required('JZZH', readText(row.JZZH)),
    residentId: required('GMSFHM', readText(row.GMSFHM)),
    name: required('XM', readText(row.XM)),
    villageCode: readText(row.JCWH),
    address: readText(row.JZDZ),
    landlordName: readText(row.FZXM),
    reason: readCode('JZSY', residenceReason, 'police', row.JZSY),
    contactPhone: readText(row.LXDH),
    validFrom: period.from,
    validUntil: period.until,
  });
}

function mapHouseholdChange(row: Row): Statement {
  const changeNo = required('BDBH', readText(row.BDBH));
  return state(HouseholdChange, readSource(changeNo, row), row, () => ({
    changeNo,
    kind: required('BDLB', readCode('BDLB', householdChangeKind, 'police', row.BDLB)),
    residentId: required('GMSFHM', readText(row.GMSFHM)),
    name: required('XM', readText(row.XM)),
    formerName: readText(row.BGQXM),
    birthDate: readDate('CSRQ', row.CSRQ),
    householdNo: readText(row.HH),
    villageCode: readText(row.JCWH),
    // For deaths the day of death: in old rows, the column for the change has the day of registration instead.
    happenedOn: required('BDRQ', readDate('SWRQ', row.SWRQ) ?? readDate('BDRQ', row.BDRQ)),
    registeredOn: required('DJRQ', readDate('DJRQ', row.DJRQ)),
    registeredYear: yearOf(required('DJRQ', readDate('DJRQ', row.DJRQ))),
    fromAddress: readText(row.QCDZ),
    toAddress: readText(row.QWDZ),
    applicantName: readText(row.SBRXM),
  }));
}

function mapResidentCount(row: Row): Statement {
  const villageCode = required('JCWH', readRegion(row.JCWH));
  const month = readMonth('TJYF', row.TJYF);
  return state(ResidentCount, readSource(`${villageCode}-${month.slice(0, 7)}`, row), row, () => ({
    villageCode,
    month,
    residents: required('CZRKS', readInteger('CZRKS', row.CZRKS)),
    males: readInteger('NANS', row.NANS),
    females: readInteger('NVS', row.NVS),
    aged16OrOlder: readInteger('MAN16S', row.MAN16S),
    aged60OrOlder: readInteger('MAN60S', row.MAN60S),
    countedAt: required('TJSJ', readInstant('TJSJ', row.TJSJ)),
  }));
}

const maps: Record<ServiceKind, (row: Row) => Statement> = {
  Resident: mapResident,
  IdentityCard: mapIdentityCard,
  ResidencePermit: mapResidencePermit,
  HouseholdChange: mapHouseholdChange,
  ResidentCount: mapResidentCount,
  CaseReport: mapCaseReport,
  Approval: mapApproval,
  CaseClosing: mapCaseClosing,
};

export const map = ({ kind, row }: PoliceRow): readonly Statement[] => [maps[kind](row)];
