/** Restates the document of one case: its report, its steps, its closing. */
import {
  Approval,
  applicantKind,
  approvalOutcome,
  approvalState,
  CaseClosing,
  CaseReport,
  caseResult,
  channel,
  put,
  type RecordOf,
  Rejection,
  readCode,
  readDate,
  readInstant,
  readInteger,
  readText,
  required,
  type Source,
  type Statement,
  versionOf,
} from '../kit/index.ts';
import { isRow, plainText, type Row } from './wire.ts';

/** PROCTYPE, this system's own. */
const STEP_TYPES: Readonly<Record<string, RecordOf<typeof Approval>['type']>> = {
  1: 'STEP',
  2: 'CORRECTION',
  3: 'SPECIAL_PROCEDURE',
  4: 'EXTENSION',
};
/** NODETYPE 1 start, 2 middle, 3 end, 4 single. */
const FINAL_NODES = new Set(['3', '4']);

const instantOf = (row: Row, field: string): string | null => readInstant(field, plainText(row[field]));

/**
 * The document's DATAVER orders the versions of a case; the exchange's number of the row decides between equal ones.
 */
export function mapCase(row: Row, caseNo: string): readonly Statement[] {
  const dataVersion = required('DATAVER', readInteger('DATAVER', plainText(row.DATAVER)));
  const sequence = required('S_EXT_SEQUENCE', plainText(row.S_EXT_SEQUENCE));
  const asOf = instantOf(row, 'UPDATETIME');
  const source = (sourceId: string): Source => ({
    sourceId,
    version: versionOf(dataVersion, sequence.padStart(20, '0')),
    asOf,
  });
  const steps = rowsOf('PROCS', row.PROCS).map(step => readStep(step, caseNo, dataVersion));
  const statements = [
    put(CaseReport, source(caseNo), readReport(row, caseNo, dataVersion)),
    ...steps.map(step => put(Approval, source(`${caseNo}/${step.stepNo}`), step)),
  ];
  if (!isRow(row.DONE)) return statements;
  return [...statements, put(CaseClosing, source(caseNo), readClosing(row.DONE, row.STDVER, caseNo, dataVersion))];
}

function rowsOf(field: string, raw: unknown): readonly Row[] {
  if (raw === null || raw === undefined || raw === '') return [];
  if (!Array.isArray(raw) || !raw.every(isRow)) throw new Rejection(field, 'is not a list of rows');
  return raw;
}

function readReport(row: Row, caseNo: string, dataVersion: number): RecordOf<typeof CaseReport> {
  const kind = required('APPLYERTYPE', readCode('APPLYERTYPE', applicantKind, 'gbt39046', plainText(row.APPLYERTYPE)));
  const [name, number] = [readText(row.APPLYERNAME), readText(row.APPLYERCODE)];
  return {
    caseNo,
    sourceCaseNo: readText(row.ORGBUSNO),
    matterCode: required('ITEMCODE', plainText(row.ITEMCODE)),
    matterEdition: readInteger('ITEMVERSION', plainText(row.ITEMVERSION)),
    title: readText(row.PROJECTNAME),
    applicantKind: kind,
    ...(kind === 'NATURAL_PERSON'
      ? { applicantPersonName: name, applicantId: number }
      : { applicantOrganisationName: name, applicantCreditCode: number }),
    contactPhone: plainText(row.LINKPHONE),
    channel: required('SUBMITTYPE', readCode('SUBMITTYPE', channel, 'eajc', plainText(row.SUBMITTYPE))),
    submittedAt: required('APPLYTIME', instantOf(row, 'APPLYTIME')),
    acceptedAt: instantOf(row, 'ACCEPTTIME'),
    promisedOn: readDate('PROMISEDATE', plainText(row.PROMISEDATE)),
    regionCode: plainText(row.REGIONID),
    windowCode: readText(row.WINDOWNO),
    dataVersion,
  };
}

function readStep(row: Row, caseNo: string, dataVersion: number): RecordOf<typeof Approval> {
  const state = required('NODESTATE', readCode('NODESTATE', approvalState, 'eajc', plainText(row.NODESTATE)));
  const type = STEP_TYPES[required('PROCTYPE', plainText(row.PROCTYPE))];
  if (type === undefined) throw new Rejection('PROCTYPE', 'is not a known kind of step');
  return {
    caseNo,
    stepNo: String(required('SN', readInteger('SN', plainText(row.SN)))),
    name: required('NODENAME', readText(row.NODENAME)),
    type,
    state,
    outcome: readCode('NODERESULT', approvalOutcome, 'eajc', plainText(row.NODERESULT)),
    handlerName: readText(row.HANDLER),
    opinion: readText(row.OPINION),
    startedAt: required('STARTTIME', instantOf(row, 'STARTTIME')),
    endedAt: state === 'DONE' ? instantOf(row, 'ENDTIME') : null,
    final: FINAL_NODES.has(plainText(row.NODETYPE) ?? ''),
    dataVersion,
  };
}

/**
 * The standard's editions use the same digits differently; in the edition of 2020 a withdrawal shares 5 with a lapse.
 */
function readClosing(done: Row, stdver: unknown, caseNo: string, dataVersion: number): RecordOf<typeof CaseClosing> {
  const edition = plainText(stdver) === '2020' ? 'eajc-2020' : 'eajc-old';
  const written = plainText(done.DONERESULT);
  const result = required('DONERESULT', readCode('DONERESULT', caseResult, edition, written));
  const reason = readText(done.DONEREASON);
  const withdrawn = result === 'LAPSED_NO_CORRECTION' && /撤回|撤件/.test(reason ?? '');
  return {
    caseNo,
    result: withdrawn ? 'WITHDRAWN' : result,
    reason,
    closedAt: required('DONETIME', instantOf(done, 'DONETIME')),
    certificateNo: readText(done.CERTNO),
    sourceResult: `${edition}:${written}`,
    dataVersion,
  };
}
