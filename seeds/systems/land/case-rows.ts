/** A case story as rows of the national exchange tables up_pro_*. */
import type { CaseStory, StoryClosing, StoryStep } from '../../township/case-story.ts';
import { type Columns, rowGuid } from './exchange-log.ts';
import type { TableName } from './exchange-schema.ts';

export interface CaseRow {
  readonly table: TableName;
  readonly guid: string;
  readonly columns: Columns;
  /** When the event of the row happened. */
  readonly at: string;
}

/** How this case's rows are spelled, always in the same way. */
export interface CaseSpelling {
  readonly applicantNumber: string;
  readonly orgCode: string;
  /** Further certificates that the case led to. */
  readonly furtherCertificates: readonly string[];
}

const LAND_BUREAU = '11371482MB0000019Q';
export const narrowOrgCode = LAND_BUREAU;
/** The other copy of the standard has 64 characters in this field. */
export const wideOrgCode = LAND_BUREAU.padEnd(64);

const CHANNELS = { WINDOW: '1', ONLINE: '2', MOBILE: '3' } as const;
const EVENTS: Record<NonNullable<StoryStep['outcome']>, string> = {
  ACCEPTED: '01',
  NOT_ACCEPTED: '02',
  CORRECTION_ASKED: '03',
  AGREED: '05',
  DISAGREED: '06',
  SPECIAL_PROCEDURE: '08',
};
/** The 2020 edition; 5 means that a correction never came, or that the applicant withdrew. */
const RESULTS: Record<StoryClosing['result'], string> = {
  GRANTED: '0',
  REFUSED: '1',
  VOID: '2',
  FORWARDED: '4',
  LAPSED_NO_CORRECTION: '5',
  WITHDRAWN: '5',
  NOT_ACCEPTED: '6',
};

/** `2026-11-23T09:30:00+08:00` in the form of the database. */
const local = (moment: string): string => moment.slice(0, 19).replace('T', ' ');

function acceptRow(story: CaseStory, spelling: CaseSpelling): CaseRow {
  const { applicant } = story;
  const natural = 'person' in applicant;
  const columns = {
    project_no: story.caseNo,
    task_code: story.matterCode,
    task_version: String(story.matterEdition),
    task_name: story.matterName,
    project_name: story.title,
    project_type: '2',
    apply_type: CHANNELS[story.channel],
    apply_date: local(story.submittedAt),
    applyer_name: natural ? applicant.person.name : applicant.business.name,
    applyer_type: natural ? '1' : '2',
    applyer_page_type: natural ? '111' : '001',
    applyer_page_code: spelling.applicantNumber,
    contact_name: natural ? applicant.person.name : applicant.business.representativeName,
    contact_mobile: story.phone.slice(0, 11),
    legal: natural ? null : applicant.business.representativeName,
    address: natural ? applicant.person.address : applicant.business.address,
    org_code: spelling.orgCode,
    org_name: '禹城市自然资源和规划局',
    handle_user_name: story.steps[0]?.handler ?? null,
    accept_date: story.acceptedAt && local(story.acceptedAt),
    accept_doc_no: story.sourceNo,
    promise_date: story.promisedOn && `${story.promisedOn} 00:00:00`,
  };
  const guid = rowGuid('up_pro_accept', story.caseNo);
  return { table: 'up_pro_accept', guid, columns, at: local(story.acceptedAt ?? story.submittedAt) };
}

function stepRow(story: CaseStory, step: StoryStep): CaseRow {
  const startedAt = local(step.startedAt);
  // The column may not be empty: an open step has its start as its end.
  const endedAt = local(step.endedAt ?? step.startedAt);
  if (step.type === 'STEP' || step.type === 'CORRECTION') {
    const columns = {
      project_no: story.caseNo,
      process_name: step.name,
      event_name: step.outcome ? EVENTS[step.outcome] : '04',
      handle_user_name: step.handler,
      handle_explain: step.opinion,
      event_start_time: startedAt,
      event_end_time: endedAt,
    };
    const guid = rowGuid('up_pro_process', `${story.caseNo}/${step.sn}`);
    return { table: 'up_pro_process', guid, columns, at: endedAt };
  }
  const columns = {
    project_no: story.caseNo,
    special_type: step.type === 'EXTENSION' ? '1' : '2',
    special_name: step.name,
    special_time: startedAt,
    special_reason: `依法进行${step.name}`,
    applyer_user_name: step.handler,
    end_time: endedAt,
    result: step.endedAt && (step.outcome === 'DISAGREED' ? '不同意' : '同意'),
    special_explain: step.opinion,
    handle_user: step.handler,
  };
  const guid = rowGuid('up_pro_special_procedure', `${story.caseNo}/${step.sn}`);
  return { table: 'up_pro_special_procedure', guid, columns, at: endedAt };
}

/** The same row as it was before its step ended. */
export function beforeItsEnd({ table, columns, ...row }: CaseRow): CaseRow {
  if (table === 'up_pro_process') {
    const { event_start_time: start } = columns;
    const running = { ...columns, event_name: '04', handle_explain: null, event_end_time: start! };
    return { ...row, table, columns: running, at: String(start) };
  }
  const { special_time: start } = columns;
  return {
    ...row,
    table,
    columns: { ...columns, result: null, special_explain: null, end_time: start! },
    at: String(start),
  };
}

function resultRow(story: CaseStory, closing: StoryClosing, { furtherCertificates }: CaseSpelling): CaseRow {
  const { certificateNo, closedAt, reason, result } = closing;
  const columns = {
    project_no: story.caseNo,
    result_type: RESULTS[result],
    result_date: local(closedAt),
    result_explain: reason,
    result_cetr_name: certificateNo && story.matterName,
    result_cetr_no: certificateNo && [certificateNo, ...furtherCertificates].join(','),
    is_delivery_results: certificateNo ? '1' : '0',
  };
  return { table: 'up_pro_result', guid: rowGuid('up_pro_result', story.caseNo), columns, at: local(closedAt) };
}

export function rowsOfCase(story: CaseStory, spelling: CaseSpelling): CaseRow[] {
  const rows = [acceptRow(story, spelling), ...story.steps.map(step => stepRow(story, step))];
  return story.closing ? [...rows, resultRow(story, story.closing, spelling)] : rows;
}
