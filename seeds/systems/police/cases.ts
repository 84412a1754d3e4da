/** The police's cases, reported as three tables: reports, steps, closings. */
import type { CaseStory, StoryClosing, StoryMatter, StoryStep } from '../../township/case-story.ts';
import { advanceStory, newStory, tellStories } from '../../township/case-story-teller.ts';
import type { Random, Township } from '../../township/model.ts';
import type { Touched } from '../pretend-system.ts';
import type { Archive, Telling } from './archive.ts';
import type { Faults } from './faults.ts';
import type { Scribe } from './scribe.ts';

const CASES_PER_RESIDENT = 800 / 30_000;
const matter = (
  code: string,
  edition: number,
  name: string,
  promisedDays: number,
  ...steps: string[]
): StoryMatter => ({
  code,
  edition,
  name,
  for: 'PERSON',
  promisedDays,
  steps: steps.length > 0 ? steps : ['受理', '审核', '办结'],
});
const options = {
  purpose: 'police',
  prefix: 'POL',
  windows: ['FS-BM-03'],
  matters: [
    matter('POL-HJ-001', 2, '出生登记', 0, '受理', '办结'),
    matter('POL-HJ-002', 1, '迁入登记', 3),
    matter('POL-HJ-003', 1, '死亡注销', 0, '受理', '办结'),
    matter('POL-HJ-004', 1, '户口项目变更更正', 7, '受理', '调查', '审核', '决定'),
    matter('POL-HJ-005', 1, '姓名变更登记', 10, '受理', '调查', '审核', '决定'),
    matter('POL-JZ-001', 2, '居住证办理', 5),
    matter('POL-SF-001', 1, '居民身份证办理', 10, '受理', '核验', '制证', '发证'),
    matter('POL-SF-002', 1, '临时居民身份证办理', 1, '受理', '发证'),
  ],
} as const;

const CHANNELS: Record<CaseStory['channel'], string> = { WINDOW: '1', ONLINE: '2', MOBILE: '3' };
const STEP_TYPES: Record<StoryStep['type'], string> = {
  STEP: '1',
  CORRECTION: '2',
  SPECIAL_PROCEDURE: '3',
  EXTENSION: '4',
};
const OUTCOMES: Record<NonNullable<StoryStep['outcome']>, string> = {
  DISAGREED: '0',
  AGREED: '1',
  NOT_ACCEPTED: '2',
  ACCEPTED: '4',
  CORRECTION_ASKED: '5',
  SPECIAL_PROCEDURE: '6',
};
type Edition = '2012' | '2020';
/** By edition of the standard; the older one has no code for the last two. */
const RESULTS: Record<StoryClosing['result'], Readonly<Record<Edition, string>>> = {
  GRANTED: { 2012: '0', 2020: '0' },
  REFUSED: { 2012: '1', 2020: '1' },
  VOID: { 2012: '2', 2020: '2' },
  FORWARDED: { 2012: '4', 2020: '4' },
  LAPSED_NO_CORRECTION: { 2012: '5', 2020: '5' },
  NOT_ACCEPTED: { 2012: '6', 2020: '6' },
  WITHDRAWN: { 2012: '6', 2020: '5' },
};

export class Cases {
  /** Cases that are reported without errors, by number; only these continue. */
  private readonly sound = new Map<string, CaseStory>();
  private serial: number;

  constructor(
    private readonly town: Township,
    private readonly random: Random,
    private readonly archive: Archive,
    private readonly scribe: Scribe,
    /** Writes later events without faults. */
    private readonly careful: Scribe,
    private readonly faults: Faults,
  ) {
    this.serial = Math.max(4, Math.round(town.residents.length * CASES_PER_RESIDENT));
  }

  tellPast(): void {
    for (const story of tellStories(this.town, { ...options, count: this.serial })) {
      const tellings = this.tellingsOf(story, this.scribe);
      if (story.closing && this.faults.commits('deletedCase')) this.tellDeleted(tellings);
      else if (this.tellAll(story, tellings)) this.sound.set(story.caseNo, story);
    }
  }

  /** Open cases stay readable, so that there is always one to continue. */
  private tellAll(story: CaseStory, tellings: readonly Telling[]): boolean {
    let sound = true;
    for (const telling of tellings) {
      if (!story.closing) this.archive.tellCleanly(telling);
      else if (!this.archive.tell(telling)) sound = false;
    }
    return sound;
  }

  /** A whole case that was entered by mistake. */
  private tellDeleted(tellings: readonly Telling[]): void {
    for (const telling of tellings) {
      this.archive.tellCleanly(telling);
      this.archive.tellCleanly({ ...telling, edition: telling.edition + 1, deleted: true });
    }
  }

  /** Advances an open case, or begins one where none is open. */
  advance(at: string): Touched {
    const open = [...this.sound.values()].filter(story => story.closing === null);
    return open.length > 0 ? this.goOn(this.random.pick(open), at) : this.begin(at);
  }

  begin(at: string): Touched {
    const story = newStory(this.town, this.random, options, ++this.serial, at);
    this.sound.set(story.caseNo, story);
    for (const telling of this.tellingsOf(story, this.careful)) this.archive.tellCleanly({ ...telling, at });
    return { kind: 'CaseReport', sourceId: story.sourceNo, caseNo: story.caseNo };
  }

  /** Reports a closed case again, corrected; begins one where none is closed. */
  correct(at: string): Touched {
    const closed = [...this.sound.values()].filter(story => story.closing !== null);
    return closed.length > 0 ? this.goOn(this.random.pick(closed), at) : this.begin(at);
  }

  private goOn(story: CaseStory, at: string): Touched {
    const next = advanceStory(story, this.random, at);
    this.sound.set(next.caseNo, next);
    const changed = this.changesBetween(story, next);
    for (const telling of changed) this.archive.tellCleanly({ ...telling, at });
    const { kind, id: sourceId } = changed.at(-1)!;
    return { kind, sourceId, caseNo: next.caseNo };
  }

  /** What an advance changed; the most visible part last. */
  private changesBetween(before: CaseStory, next: CaseStory): Telling[] {
    const scribe = this.careful;
    const steps = next.steps.filter(step => JSON.stringify(step) !== JSON.stringify(before.steps[step.sn - 1]));
    const tellings = steps.map(step => this.stepOf(next, step, scribe));
    const { title, acceptedAt, promisedOn } = next;
    if (title !== before.title || acceptedAt !== before.acceptedAt || promisedOn !== before.promisedOn) {
      tellings.unshift(this.reportOf(next, scribe));
    }
    if (next.closing && !before.closing) tellings.push(this.closingOf(next, next.closing, scribe, '2020'));
    return tellings;
  }

  private tellingsOf(story: CaseStory, scribe: Scribe): Telling[] {
    const tellings = [this.reportOf(story, scribe), ...story.steps.map(step => this.stepOf(story, step, scribe))];
    if (story.closing) {
      const edition = this.faults.commits('olderEdition') ? '2012' : '2020';
      tellings.push(this.closingOf(story, story.closing, scribe, edition));
    }
    return tellings;
  }

  private reportOf(story: CaseStory, scribe: Scribe): Telling {
    if (!('person' in story.applicant)) throw new TypeError('only people apply to the police');
    const { person } = story.applicant;
    return {
      kind: 'CaseReport',
      id: story.sourceNo,
      edition: story.dataVersion,
      at: story.closing?.closedAt ?? story.acceptedAt ?? story.submittedAt,
      values: {
        BJBH: story.caseNo,
        YWLSH: story.sourceNo,
        SXBM: story.matterCode,
        SXBB: String(story.matterEdition),
        SQNR: story.title,
        SQRLX: '1',
        SQRXM: scribe.name(person.name),
        SQRZJH: scribe.id(person.residentId),
        LXDH: story.phone,
        SQQD: CHANNELS[story.channel],
        SQSJ: scribe.moment(story.submittedAt),
        SLSJ: scribe.moment(story.acceptedAt),
        CNBJRQ: scribe.day(story.promisedOn),
        XZQH: scribe.region(person.villageCode),
        CKBH: story.windowCode ?? '',
      },
      earlier: { SLSJ: '', CNBJRQ: '' },
    };
  }

  private stepOf(story: CaseStory, step: StoryStep, scribe: Scribe): Telling {
    return {
      kind: 'Approval',
      id: `${story.sourceNo}-${step.sn}`,
      edition: story.dataVersion,
      at: step.endedAt ?? step.startedAt,
      values: {
        BJBH: story.caseNo,
        YWLSH: story.sourceNo,
        HJXH: String(step.sn),
        HJMC: step.name,
        HJLX: STEP_TYPES[step.type],
        HJZT: step.endedAt === null ? '01' : '02',
        HJJG: step.outcome === null ? '' : OUTCOMES[step.outcome],
        BLR: step.handler,
        BLYJ: step.opinion ?? '',
        KSSJ: scribe.moment(step.startedAt),
        // There is no end yet: the standard has the start written instead.
        JSSJ: scribe.moment(step.endedAt ?? step.startedAt),
        MHJ: step.final ? '1' : '0',
      },
      earlier: { HJZT: '01', HJJG: '', BLYJ: '' },
    };
  }

  private closingOf(story: CaseStory, closing: StoryClosing, scribe: Scribe, edition: Edition): Telling {
    return {
      kind: 'CaseClosing',
      id: story.sourceNo,
      edition: story.dataVersion,
      at: closing.closedAt,
      values: {
        BJBH: story.caseNo,
        YWLSH: story.sourceNo,
        BZBB: edition,
        BJJG: RESULTS[closing.result][edition],
        BJSM: closing.reason ?? '',
        BJSJ: scribe.moment(closing.closedAt),
        ZZBH: closing.certificateNo ?? '',
      },
      earlier: { ZZBH: '' },
    };
  }
}
