/** The parts of a case: its report, its steps, its closing. */
import {
  Approval,
  applicantKind,
  approvalOutcome,
  approvalState,
  CaseClosing,
  CaseReport,
  caseResult,
  channel,
  type RecordOf,
  Rejection,
  readCode,
  readDate,
  readInstant,
  readInteger,
  readText,
  required,
  type Statement,
} from '../kit/index.ts';
import { readFlag, readRegion, readSource } from './reading.ts';
import type { PoliceRow } from './services.ts';
import { state } from './state.ts';

type Row = PoliceRow['row'];

export function mapCaseReport(row: Row): Statement {
  const sourceCaseNo = required('YWLSH', readText(row.YWLSH));
  return state(CaseReport, readSource(sourceCaseNo, row), row, () => ({
    caseNo: required('BJBH', readText(row.BJBH)),
    sourceCaseNo,
    matterCode: required('SXBM', readText(row.SXBM)),
    matterEdition: readInteger('SXBB', row.SXBB),
    title: readText(row.SQNR),
    applicantKind: required('SQRLX', readCode('SQRLX', applicantKind, 'gbt39046', row.SQRLX)),
    applicantPersonName: readText(row.SQRXM),
    applicantId: readText(row.SQRZJH),
    contactPhone: readText(row.LXDH),
    channel: required('SQQD', readCode('SQQD', channel, 'gbt39046', row.SQQD)),
    submittedAt: required('SQSJ', readInstant('SQSJ', row.SQSJ)),
    acceptedAt: readInstant('SLSJ', row.SLSJ),
    promisedOn: readDate('CNBJRQ', row.CNBJRQ),
    regionCode: readRegion(row.XZQH),
    windowCode: readText(row.CKBH),
    dataVersion: required('SJBB', readInteger('SJBB', row.SJBB)),
  }));
}

const stepTypes: Readonly<Record<string, RecordOf<typeof Approval>['type']>> = {
  '1': 'STEP',
  '2': 'CORRECTION',
  '3': 'SPECIAL_PROCEDURE',
  '4': 'EXTENSION',
};

function readStepType(raw: unknown): RecordOf<typeof Approval>['type'] {
  const type = stepTypes[required('HJLX', readText(raw))];
  if (!type) throw new Rejection('HJLX', 'is not a kind of step');
  return type;
}

export function mapApproval(row: Row): Statement {
  const stepNo = required('HJXH', readText(row.HJXH));
  const sourceId = `${required('YWLSH', readText(row.YWLSH))}-${stepNo}`;
  return state(Approval, readSource(sourceId, row), row, () => {
    const stepState = required('HJZT', readCode('HJZT', approvalState, 'eajc', row.HJZT));
    return {
      caseNo: required('BJBH', readText(row.BJBH)),
      stepNo,
      name: required('HJMC', readText(row.HJMC)),
      type: readStepType(row.HJLX),
      state: stepState,
      outcome: readCode('HJJG', approvalOutcome, 'eajc', row.HJJG),
      handlerName: readText(row.BLR),
      opinion: readText(row.BLYJ),
      startedAt: required('KSSJ', readInstant('KSSJ', row.KSSJ)),
      // The standard has the start time written where there is no end yet: only the state says that a step ended.
      endedAt: stepState === 'DONE' ? readInstant('JSSJ', row.JSSJ) : null,
      final: readFlag('MHJ', row.MHJ),
      dataVersion: required('SJBB', readInteger('SJBB', row.SJBB)),
    };
  });
}

/** The kit's names for the editions of the standard (BZBB). */
const editions: Readonly<Record<string, string>> = { '2012': 'eajc-old', '2020': 'eajc-2020' };

/**
 * In the edition of 2020 code 5 means that the correction never came, or that the applicant withdrew; the reason
 * decides.
 */
function readResult(row: Row): { result: RecordOf<typeof CaseClosing>['result']; sourceResult: string } {
  const edition = editions[readText(row.BZBB) ?? ''];
  if (!edition) throw new Rejection('BZBB', 'is not a known edition of the standard');
  const coded = required('BJJG', readCode('BJJG', caseResult, edition, row.BJJG));
  const withdrawn = edition === 'eajc-2020' && coded === 'LAPSED_NO_CORRECTION' && /撤回/.test(row.BJSM ?? '');
  return { result: withdrawn ? 'WITHDRAWN' : coded, sourceResult: `${edition}:${readText(row.BJJG)}` };
}

export function mapCaseClosing(row: Row): Statement {
  const sourceId = required('YWLSH', readText(row.YWLSH));
  return state(CaseClosing, readSource(sourceId, row), row, () => ({
    caseNo: required('BJBH', readText(row.BJBH)),
    ...readResult(row),
    reason: readText(row.BJSM),
    closedAt: required('BJSJ', readInstant('BJSJ', row.BJSJ)),
    certificateNo: readText(row.ZZBH),
    dataVersion: required('SJBB', readInteger('SJBB', row.SJBB)),
  }));
}
