/** Rows of the exchange tables EA_JC_STEP_*: the parts of a case (办件). */
import { phone } from '../kit/identifiers/phone.ts';
import {
  type Approval,
  applicantKind,
  approvalOutcome,
  approvalState,
  type CaseClosing,
  type CaseReport,
  caseResult,
  channel,
  type RecordOf,
  Rejection,
} from '../kit/index.ts';
import { readBusinessId } from './business-id.ts';
import type { Columns } from './columns.ts';

/** The province: what an empty REGION_ID means. */
const DEFAULT_REGION = '370000000000';
/** The source's own name of the case; the same over all its DATAVERs. */
export const caseId = (row: Columns): string => `${row.demandWord('ORGBUSNO')}/${row.demandWord('PROJID')}`;
const stepNumber = (row: Columns): string => String(row.demandCount('SN'));
export const stepId = (row: Columns): string => `${caseId(row)}/${stepNumber(row)}`;
/** Special steps have their own numbering, so the nth special step and the nth step need different names. */
const specialNumber = (row: Columns): string => `S${stepNumber(row)}`;
export const specialId = (row: Columns): string => `${caseId(row)}/${specialNumber(row)}`;

function applicantOf(row: Columns): Partial<RecordOf<typeof CaseReport>> {
  const id = row.identifier('APPLICANTCODE');
  if (row.code('APPLICANTTYPE', applicantKind, 'gbt39046') === 'NATURAL_PERSON') {
    return { applicantPersonName: row.text('APPLICANT'), applicantId: id };
  }
  const { creditCode, personId } = readBusinessId(id);
  return { applicantOrganisationName: row.text('APPLICANT'), applicantCreditCode: creditCode, applicantId: personId };
}

export function readBasicInfo(row: Columns): RecordOf<typeof CaseReport> {
  const mobile = row.word('CONTACTMOBILE');
  return {
    ...applicantOf(row),
    caseNo: row.demandWord('PROJID'),
    sourceCaseNo: row.word('ORGBUSNO'),
    matterCode: row.demandWord('ITEMNO'),
    matterEdition: row.count('ITEMVERSION'),
    title: row.text('PROJECTNAME'),
    applicantKind: row.demandCode('APPLICANTTYPE', applicantKind, 'gbt39046'),
    contactPhone: mobile && phone.normalise(mobile),
    channel: row.demandCode('SUBMIT', channel, 'eajc'),
    submittedAt: row.demandInstant('APPLYTIME'),
    acceptedAt: row.instant('ACCEPTTIME'),
    promisedOn: row.date('PROMISEDATE'),
    regionCode: row.region('REGION_ID') ?? DEFAULT_REGION,
    windowCode: row.word('WINDOWCODE'),
    dataVersion: row.demandCount('DATAVER'),
  };
}

/** What ordinary and special steps share. */
function stepOf(row: Columns) {
  const state = row.demandCode('NODESTATE', approvalState, 'eajc');
  return {
    caseNo: row.demandWord('PROJID'),
    name: row.demandText('NODENAME'),
    state,
    handlerName: row.text('NODEPROCERNAME'),
    startedAt: row.demandInstant('NODESTARTTIME'),
    // The standard has the start time written where there is no end, so only the state says that a step ended.
    endedAt: state === 'DONE' ? row.instant('NODEENDTIME') : null,
    dataVersion: row.demandCount('DATAVER'),
  };
}

export const readProcess = (row: Columns): RecordOf<typeof Approval> => {
  const step = stepOf(row);
  return {
    ...step,
    stepNo: stepNumber(row),
    // The tables have no field for an extension of the limit: it is a step with this name.
    type: /^(延长|延期)/.test(step.name) ? 'EXTENSION' : 'STEP',
    outcome: row.code('NODERESULT', approvalOutcome, 'eajc'),
    opinion: row.text('NODEADV'),
    // 1 first, 2 middle, 3 last, 4 the only one.
    final: ['3', '4'].includes(row.demandWord('NODETYPE')),
  };
};

/** 1 补正, 2 听证, 3 公示, 4 核实, 5 挂起, 6 预审补正: a correction starts the clock anew, the others make it pause. */
const specialTypes: Readonly<Record<string, 'CORRECTION' | 'SPECIAL_PROCEDURE'>> = {
  '1': 'CORRECTION',
  '2': 'SPECIAL_PROCEDURE',
  '3': 'SPECIAL_PROCEDURE',
  '4': 'SPECIAL_PROCEDURE',
  '5': 'SPECIAL_PROCEDURE',
  '6': 'CORRECTION',
};

export function readSpecialNode(row: Columns): RecordOf<typeof Approval> {
  const type = specialTypes[row.demandWord('NODERESULT')];
  if (!type) throw new Rejection('NODERESULT', 'is not a kind of special step');
  return {
    ...stepOf(row),
    stepNo: specialNumber(row),
    type,
    outcome: type === 'CORRECTION' ? 'CORRECTION_ASKED' : 'SPECIAL_PROCEDURE',
    opinion: row.text('NODEPROCADV') ?? row.text('NODEPROCACCORD'),
    final: false,
  };
}

/** STDVER of the row: the same closing code means different things in each. */
const editions: Readonly<Record<string, string>> = { '1.0': 'eajc-old', '2020': 'eajc-2020' };

export function readDone(row: Columns): RecordOf<typeof CaseClosing> {
  const written = row.demandWord('STDVER');
  const edition = editions[written];
  if (!edition) throw new Rejection('STDVER', 'is not a known edition of EA_JC');
  return {
    caseNo: row.demandWord('PROJID'),
    result: row.demandCode('DONERESULT', caseResult, edition),
    reason: row.text('RESULTEXPLAIN'),
    closedAt: row.demandInstant('DONETIME'),
    certificateNo: row.word('CERTIFICATENO'),
    sourceResult: `${edition}:${row.word('DONERESULT')}`,
    dataVersion: row.demandCount('DATAVER'),
  };
}
