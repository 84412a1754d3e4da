/** One JSON document for each reported version of a case, with its steps. */
import type { CaseStory, StoryClosing, StoryStep } from '../../township/case-story.ts';
import { lastMomentOf } from '../../township/case-story-teller.ts';
import type { Speller, WireRow } from './spelling.ts';
import type { Effect } from './tally.ts';

const CHANNELS: Record<CaseStory['channel'], string> = { WINDOW: '0', ONLINE: '1', MOBILE: '2' };
const STEP_TYPES: Record<StoryStep['type'], number> = { STEP: 1, CORRECTION: 2, SPECIAL_PROCEDURE: 3, EXTENSION: 4 };
const OUTCOMES: Record<NonNullable<StoryStep['outcome']>, number> = {
  DISAGREED: 0,
  AGREED: 1,
  NOT_ACCEPTED: 2,
  ACCEPTED: 4,
  CORRECTION_ASKED: 5,
  SPECIAL_PROCEDURE: 6,
};
/** The standard's edition of 2020: withdrawals and corrections that never came share a code. */
const RESULTS: Record<StoryClosing['result'], number> = {
  GRANTED: 0,
  REFUSED: 1,
  VOID: 2,
  FORWARDED: 4,
  LAPSED_NO_CORRECTION: 5,
  WITHDRAWN: 5,
  NOT_ACCEPTED: 6,
};

export const effectOf = ({ caseNo, steps, closing }: CaseStory): Effect => ({
  stands: [
    `CaseReport ${caseNo}`,
    ...steps.map(({ sn }) => `Approval ${caseNo}/${sn}`),
    ...(closing ? [`CaseClosing ${caseNo}`] : []),
  ],
});

/** The version before the last one, as far as it can be reconstructed. */
export function tellingBefore(story: CaseStory): CaseStory {
  const steps = story.closing || story.steps.length < 2 ? story.steps : story.steps.slice(0, -1);
  return { ...story, steps, closing: null, dataVersion: story.dataVersion - 1 };
}

export class CaseDocuments {
  constructor(private readonly speller: Speller) {}

  document(story: CaseStory): WireRow {
    const { speller } = this;
    const person = 'person' in story.applicant ? story.applicant.person : null;
    const business = 'business' in story.applicant ? story.applicant.business : null;
    const row: WireRow = {
      PROJID: story.caseNo,
      ORGBUSNO: story.sourceNo,
      ITEMCODE: story.matterCode,
      ITEMVERSION: speller.number(story.matterEdition),
      ITEMNAME: story.matterName,
      PROJECTNAME: story.title,
      APPLYERTYPE: person ? '1' : '2',
      APPLYERNAME: person?.name ?? business?.name ?? '',
      APPLYERCODE: person?.residentId ?? business?.creditCode ?? '',
      LINKPHONE: story.phone,
      SUBMITTYPE: CHANNELS[story.channel],
      APPLYTIME: speller.moment(story.submittedAt),
      ACCEPTTIME: story.acceptedAt === null ? '' : speller.moment(story.acceptedAt),
      PROMISEDATE: story.promisedOn === null ? null : speller.day(story.promisedOn),
      REGIONID: person?.villageCode ?? business?.villageCode ?? '',
      WINDOWNO: story.windowCode ?? '',
      STDVER: '2020',
      DATAVER: speller.number(story.dataVersion),
      UPDATETIME: speller.moment(lastMomentOf(story)),
      PROCS: story.steps.map((step, at) => this.step(step, at)),
      DONE: story.closing && this.closing(story.closing),
    };
    speller.disfigure(
      row,
      ['APPLYERNAME', 'APPLYERCODE', 'WINDOWNO', 'ITEMCODE'],
      ['APPLYERCODE', 'APPLYERTYPE', 'APPLYTIME', 'LINKPHONE'],
      ['APPLYERCODE'],
    );
    return row;
  }

  /** Where there is no end, the standard wants the start written. */
  private step(step: StoryStep, at: number): WireRow {
    const { speller } = this;
    const ended = step.endedAt !== null;
    return {
      SN: speller.number(step.sn),
      NODENAME: step.name,
      PROCTYPE: speller.number(STEP_TYPES[step.type]),
      NODETYPE: nodeType(at === 0, step.final),
      NODESTATE: ended ? '02' : '01',
      NODERESULT: step.outcome === null ? '' : speller.number(OUTCOMES[step.outcome]),
      HANDLER: step.handler,
      OPINION: step.opinion ?? '',
      STARTTIME: speller.moment(step.startedAt),
      ENDTIME: speller.moment(step.endedAt ?? step.startedAt),
    };
  }

  private closing({ result, reason, closedAt, certificateNo }: StoryClosing): WireRow {
    return {
      DONERESULT: this.speller.number(RESULTS[result]),
      DONEREASON: reason ?? '',
      DONETIME: this.speller.moment(closedAt),
      CERTNO: certificateNo ?? '',
    };
  }
}

/** 1 start, 2 middle, 3 end, 4 single. */
const nodeType = (first: boolean, final: boolean): string => (final ? (first ? '4' : '3') : first ? '1' : '2');
