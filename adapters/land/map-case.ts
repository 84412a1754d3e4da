/** Restates the national exchange tables of cases (up_pro_*) as the hall's kinds. */
import {
  type Approval,
  applicantKind,
  type CaseClosing,
  type CaseReport,
  caseResult,
  channel,
  codeTable,
  type RecordOf,
  readCode,
  readDate,
  readInstant,
  readInteger,
  readText,
  required,
} from '../kit/index.ts';
import { type Row, readDataVersion } from './exchange-row.ts';
import { certificateSpelling } from './map-property.ts';

const caseNoOf = (row: Row): string => required('project_no', readText(row.project_no));
const startOf = (field: string, row: Row): string => required(field, readInstant(field, row[field]));

/** The kind of applicant says in which of two ways the applicant's number is to be read. */
export function restateAccept(row: Row): RecordOf<typeof CaseReport> {
  const kind = required('applyer_type', readCode('applyer_type', applicantKind, 'gbt39046', row.applyer_type));
  const name = readText(row.applyer_name);
  const number = readText(row.applyer_page_code);
  const natural = kind === 'NATURAL_PERSON';
  return {
    caseNo: caseNoOf(row),
    sourceCaseNo: readText(row.accept_doc_no),
    matterCode: required('task_code', readText(row.task_code)),
    matterEdition: readInteger('task_version', row.task_version),
    title: readText(row.project_name),
    applicantKind: kind,
    applicantPersonName: natural ? name : null,
    applicantId: natural ? number : null,
    applicantOrganisationName: natural ? null : name,
    applicantCreditCode: natural ? null : number,
    contactPhone: readText(row.contact_mobile),
    channel: required('apply_type', readCode('apply_type', channel, 'gbt39046', row.apply_type)),
    submittedAt: startOf('apply_date', row),
    acceptedAt: readInstant('accept_date', row.accept_date),
    promisedOn: readDate('promise_date', row.promise_date),
    dataVersion: readDataVersion(row),
  };
}

/** 业务动作, the outcome with which a step ends; 04 (办理) has no outcome. */
const processEvent = codeTable(
  'LandProcessEvent',
  { en: 'Action of a step', zh: '业务动作' },
  {
    ACCEPTED: { en: 'Accepted', zh: '受理', codes: { land: '01' } },
    NOT_ACCEPTED: { en: 'Not accepted', zh: '不予受理', codes: { land: '02' } },
    CORRECTION_ASKED: { en: 'Correction asked', zh: '补正告知', codes: { land: '03' } },
    HANDLING: { en: 'Being handled', zh: '办理', codes: { land: '04' } },
    AGREED: { en: 'Agreed', zh: '同意', codes: { land: '05' } },
    DISAGREED: { en: 'Disagreed', zh: '不同意', codes: { land: '06' } },
    RETURNED: { en: 'Returned', zh: '退回', codes: { land: '07' } },
    SPECIAL_PROCEDURE: { en: 'Special procedure', zh: '特别程序', codes: { land: '08' } },
  },
);
/** Outcomes that send a case elsewhere do not end its procedure, even in the last step. */
const goesOn: ReadonlySet<string | null> = new Set(['CORRECTION_ASKED', 'SPECIAL_PROCEDURE', 'RETURNED']);
/** The tables mark no last step; these are the names under which the land outpost's procedures end. */
const LAST_STEPS = /^(登簿|审批|决定|办结)$/;

/** The tables do not number steps: within a case the start time identifies them and gives their order. */
const stepNoOf = (startedAt: string): string => startedAt.slice(0, 19).replaceAll(/\D/g, '');

/**
 * The end column may not be empty, so an open step has its start there. A step is done where the two differ, or where
 * an opinion was written although they are equal.
 */
export function restateProcess(row: Row): RecordOf<typeof Approval> {
  const startedAt = startOf('event_start_time', row);
  const end = startOf('event_end_time', row);
  const opinion = readText(row.handle_explain);
  const name = required('process_name', readText(row.process_name));
  const event = required('event_name', readCode('event_name', processEvent, 'land', row.event_name));
  const done = end !== startedAt || opinion !== null;
  const outcome = !done || event === 'HANDLING' ? null : event;
  return {
    caseNo: caseNoOf(row),
    stepNo: stepNoOf(startedAt),
    name,
    type: name.startsWith('补正') ? 'CORRECTION' : 'STEP',
    state: done ? 'DONE' : 'TODO',
    outcome,
    handlerName: readText(row.handle_user_name),
    opinion,
    startedAt,
    endedAt: done ? end : null,
    final: LAST_STEPS.test(name) && !goesOn.has(outcome),
    dataVersion: readDataVersion(row),
  };
}

const specialType = codeTable(
  'LandSpecialType',
  { en: 'Kind of special procedure', zh: '特别程序种类' },
  {
    EXTENSION: { en: 'Extension', zh: '延长审批', codes: { gbt39046: '1' } },
    SPECIAL_PROCEDURE: { en: 'All others', zh: '其他', codes: { gbt39046: '2' } },
  },
);

/** A special procedure is over where its end differs from its start, or where it has a result. */
export function restateSpecialProcedure(row: Row): RecordOf<typeof Approval> {
  const startedAt = startOf('special_time', row);
  const end = startOf('end_time', row);
  const result = readText(row.result);
  const done = end !== startedAt || result !== null;
  return {
    caseNo: caseNoOf(row),
    stepNo: stepNoOf(startedAt),
    name: required('special_name', readText(row.special_name)),
    type: required('special_type', readCode('special_type', specialType, 'gbt39046', row.special_type)),
    state: done ? 'DONE' : 'TODO',
    outcome: !done || result === null ? null : result.startsWith('不') ? 'DISAGREED' : 'AGREED',
    handlerName: readText(row.handle_user),
    opinion: readText(row.special_explain) ?? readText(row.special_reason),
    startedAt,
    endedAt: done ? end : null,
    final: false,
    dataVersion: readDataVersion(row),
  };
}

const EDITION = 'eajc-2020';
/** Several numbers in one column, each in one spelling. */
function readCertificates(raw: unknown): string | null {
  const numbers = (readText(raw) ?? '').split(/[、，,；;|\n]/).map(certificateSpelling);
  return numbers.filter(number => number !== '').join('、') || null;
}

/** Code 5 means both that a correction never came and that the applicant withdrew: the explanation decides. */
export function restateResult(row: Row): RecordOf<typeof CaseClosing> {
  const written = readText(row.result_type);
  const reason = readText(row.result_explain);
  const coded = required('result_type', readCode('result_type', caseResult, EDITION, written));
  return {
    caseNo: caseNoOf(row),
    result: coded === 'LAPSED_NO_CORRECTION' && reason?.includes('撤回') ? 'WITHDRAWN' : coded,
    reason,
    closedAt: startOf('result_date', row),
    certificateNo: readCertificates(row.result_cetr_no),
    sourceResult: `${EDITION}:${written}`,
    dataVersion: readDataVersion(row),
  };
}
