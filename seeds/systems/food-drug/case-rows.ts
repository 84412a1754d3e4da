/** A case's story as rows of EA_JC_STEP_*: 基本信息, 环节, 特别环节, 办结. */
import type { CaseStory, StoryStep } from '../../township/case-story.ts';
import { type Cells, localTime, type Row } from './row.ts';

const CHANNELS = { WINDOW: '0', ONLINE: '1', MOBILE: '2' };
const OUTCOMES = {
  DISAGREED: '0',
  AGREED: '1',
  NOT_ACCEPTED: '2',
  ACCEPTED: '4',
  CORRECTION_ASKED: '5',
  SPECIAL_PROCEDURE: '6',
};
const RESULTS_2020 = {
  GRANTED: '0',
  REFUSED: '1',
  VOID: '2',
  FORWARDED: '4',
  LAPSED_NO_CORRECTION: '5',
  WITHDRAWN: '5',
  NOT_ACCEPTED: '6',
};
/** 1 was 退回 (returned, for whatever reason) and 6 was everything else. */
const RESULTS_1_0 = { ...RESULTS_2020, NOT_ACCEPTED: '1', WITHDRAWN: '6' };

const specialCode = ({ type, name }: StoryStep): string => {
  if (type === 'CORRECTION') return '1';
  return { 听证: '2', 公示: '3', 核实: '4' }[name] ?? '5';
};

/** Workshops and pharmacies have a window of their own. */
const windowOf = (matterCode: string): string => (/^FD-(XZF|YP)/.test(matterCode) ? 'FS-ZH-07' : 'FS-ZH-06');

export class CaseRows {
  private readonly sourceId: string;
  private readonly key: Cells;

  constructor(private readonly story: CaseStory) {
    this.sourceId = `${story.sourceNo}/${story.caseNo}`;
    this.key = { ORGBUSNO: story.sourceNo, PROJID: story.caseNo };
  }

  all(): Row[] {
    const { steps, closing } = this.story;
    const special = steps.filter(({ type }) => type === 'CORRECTION' || type === 'SPECIAL_PROCEDURE');
    const ordinary = steps.filter(step => !special.includes(step));
    const rows = [this.basicInfo(), ...ordinary.map(step => this.process(step))];
    rows.push(...special.map((step, at) => this.specialNode(step, at + 1)));
    if (closing) rows.push(this.done(closing));
    return rows;
  }

  private row(table: Row['table'], suffix: string, occurredAt: string, cells: Cells, instead?: Row['instead']): Row {
    const { sourceId, key } = this;
    const { dataVersion } = this.story;
    return {
      table,
      sourceId: sourceId + suffix,
      dataVersion,
      occurredAt,
      cells: { ...key, DATAVER: dataVersion, ...cells },
      instead,
    };
  }

  private basicInfo(): Row {
    const { story } = this;
    const { applicant } = story;
    const business = 'business' in applicant ? applicant.business : null;
    const village = business?.villageCode ?? ('person' in applicant ? applicant.person.villageCode : '');
    const cells: Cells = {
      STDVER: '2020',
      ITEMNO: story.matterCode,
      ITEMNAME: story.matterName,
      ITEMVERSION: story.matterEdition,
      ITEMREGIONID: '371482',
      PROJECTNAME: story.title,
      APPLICANTTYPE: business ? '2' : '1',
      APPLICANT: business?.name ?? ('person' in applicant ? applicant.person.name : ''),
      APPLICANTCODE: business?.creditCode ?? ('person' in applicant ? applicant.person.residentId : ''),
      CONTACTMOBILE: story.phone,
      SUBMIT: CHANNELS[story.channel],
      APPLYTIME: localTime(story.submittedAt),
      ACCEPTTIME: story.acceptedAt && localTime(story.acceptedAt),
      PROMISEDATE: story.promisedOn,
      REGION_ID: village,
      WINDOWCODE: story.windowCode && windowOf(story.matterCode),
      SYSMARK: 'SPYP',
    };
    return this.row('EA_JC_STEP_BASICINFO', '', story.submittedAt, cells, {
      ...(business?.type === 'SOLE_TRADER' && {
        personIdForCreditCode: { APPLICANTCODE: business.representativeId },
      }),
    });
  }

  private stepCells(step: StoryStep): Cells {
    return {
      NODENAME: step.name,
      NODEPROCERNAME: step.handler,
      NODESTATE: step.endedAt ? '02' : '01',
      NODESTARTTIME: localTime(step.startedAt),
      NODEENDTIME: localTime(step.endedAt ?? step.startedAt),
    };
  }

  private process(step: StoryStep): Row {
    return this.row('EA_JC_STEP_PROC', `/${step.sn}`, step.endedAt ?? step.startedAt, {
      SN: step.sn,
      STDVER: '2020',
      ...this.stepCells(step),
      NODETYPE: step.final ? (step.sn === 1 ? '4' : '3') : step.sn === 1 ? '1' : '2',
      NODERESULT: step.outcome && OUTCOMES[step.outcome],
      NODEADV: step.opinion,
    });
  }

  private specialNode(step: StoryStep, nth: number): Row {
    return this.row('EA_JC_STEP_SPECIALNODE', `/S${nth}`, step.startedAt, {
      SN: nth,
      STDVER: '2020',
      ...this.stepCells(step),
      NODERESULT: specialCode(step),
      NODEPROCACCORD: '《中华人民共和国行政许可法》',
      NODEPROCADV: step.opinion,
    });
  }

  private done({ result, reason, closedAt, certificateNo }: NonNullable<CaseStory['closing']>): Row {
    const cells: Cells = {
      STDVER: '2020',
      DONERESULT: RESULTS_2020[result],
      RESULTEXPLAIN: reason,
      DONETIME: localTime(closedAt),
      CERTIFICATENO: certificateNo,
    };
    return this.row('EA_JC_STEP_DONE', '', closedAt, cells, {
      olderEdition: { STDVER: '1.0', DONERESULT: RESULTS_1_0[result] },
    });
  }
}
