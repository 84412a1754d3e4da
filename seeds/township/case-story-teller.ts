/**
 * Invents the course of cases: submitted, perhaps corrected, accepted, perhaps paused, decided, closed, and reported
 * again.
 */
import type { CaseStory, StoryClosing, StoryMatter, StoryStep } from './case-story.ts';
import { addDays, addMinutes, addWeekdays, isWeekday } from './days.ts';
import type { Business, Random, Township } from './model.ts';
import { HANDLERS } from './names.ts';
import { makeRandom } from './random.ts';

export interface StoryOptions {
  /** Names the stream of random numbers: the agency's code. */
  readonly purpose: string;
  /** The agency's letters in its case numbers: POL. */
  readonly prefix: string;
  readonly matters: readonly StoryMatter[];
  /** Businesses that apply for the matters of businesses; otherwise any of the town. */
  readonly businesses?: readonly Business[];
  /** Windows that take cases in; otherwise the hall's two composite windows (综合窗口). */
  readonly windows?: readonly string[];
}

const TOWN = '371482101';
/** How often a case takes each turn, at every step where it can. */
const TURN = {
  correction: 0.12,
  lapse: 0.12,
  notAccepted: 0.03,
  specialProcedure: 0.07,
  extension: 0.02,
  withdrawn: 0.015,
  void: 0.005,
  forwarded: 0.01,
  refused: 0.05,
};
const HISTORY_DAYS = 720;
/** The share of recent cases, most of which are still open. */
const RECENT = { share: 0.15, days: 12 };
const SLOW_SHARE = 0.08;
const CORRECTED_LATER_SHARE = 0.05;

const COMPOSITE_WINDOWS = ['FS-BM-01', 'FS-BM-02'];

const applicantOf = (
  town: Township,
  random: Random,
  matter: StoryMatter,
  businesses = town.businesses,
): CaseStory['applicant'] => {
  const running = matter.for === 'BUSINESS' ? businesses.filter(b => b.deregisteredOn === null) : [];
  if (running.length > 0) return { business: random.pick(running) };
  for (;;) {
    const person = random.pick(town.residents);
    // Children and the dead do not apply; a town of children only would have no cases.
    if (person.diedOn === null && person.born < addDays(town.today, -18 * 366)) return { person };
  }
};

const open = (
  sn: number,
  name: string,
  type: StoryStep['type'],
  handler: string,
  at: string,
  final = false,
): StoryStep => ({ sn, name, type, handler, startedAt: at, endedAt: null, outcome: null, opinion: null, final });

/** A new case at a given time, whose first step is open. `serial` must be unique for the prefix. */
export function newStory(
  town: Township,
  random: Random,
  { prefix, matters, businesses, windows = COMPOSITE_WINDOWS }: Omit<StoryOptions, 'purpose'>,
  serial: number,
  at: string,
): CaseStory {
  const matter = random.pick(matters);
  const applicant = applicantOf(town, random, matter, businesses);
  const applicantName = 'person' in applicant ? applicant.person.name : applicant.business.name;
  const day = at.slice(0, 10).replaceAll('-', '');
  const channel = random.chance(0.7) ? 'WINDOW' : random.pick(['ONLINE', 'MOBILE'] as const);
  return {
    caseNo: `${TOWN}-${prefix}-${day}-${String(serial).padStart(5, '0')}`,
    sourceNo: `${prefix}${day}${String(serial).padStart(6, '0')}`,
    matterCode: matter.code,
    matterEdition: matter.edition,
    matterName: matter.name,
    title: `${applicantName}申请${matter.name}`,
    applicant,
    phone: 'person' in applicant ? applicant.person.phone : applicant.business.phone,
    channel,
    windowCode: channel === 'WINDOW' ? random.pick(windows) : null,
    submittedAt: at,
    acceptedAt: null,
    promisedOn: null,
    steps: [open(1, matter.steps[0] ?? '受理', 'STEP', random.pick(HANDLERS), at, matter.steps.length < 2)],
    closing: null,
    dataVersion: 1,
    matter,
  };
}

type Told = Partial<Pick<CaseStory, 'acceptedAt' | 'promisedOn' | 'steps' | 'closing' | 'title'>>;

/** One advance of one story at a given time: its state decides what can come next. */
class Advance {
  private readonly current: StoryStep | undefined;

  constructor(
    private readonly story: CaseStory,
    private readonly random: Random,
    private readonly at: string,
  ) {
    this.current = story.steps.find(step => step.endedAt === null);
  }

  tell(): Told {
    if (this.story.closing) return this.reportAgain();
    if (!this.current) return { closing: this.decision() };
    if (this.current.type === 'CORRECTION') return this.endCorrection();
    if (this.current.type !== 'STEP') return this.resume();
    return this.story.acceptedAt === null ? this.examine() : this.handle();
  }

  private had(type: StoryStep['type']): boolean {
    return this.story.steps.some(step => step.type === type);
  }

  /** The steps with the open one ended, and perhaps a next one begun. */
  private end(outcome: StoryStep['outcome'], opinion: string, next?: { name: string; type: StoryStep['type'] }) {
    const { story, at, current } = this;
    const final = current?.final && outcome !== 'SPECIAL_PROCEDURE' && outcome !== 'CORRECTION_ASKED';
    const steps = story.steps.map(step =>
      step === current ? { ...step, endedAt: at, outcome, opinion, final: Boolean(final) } : step,
    );
    if (!next) return steps;
    const last = next.type === 'STEP' && next.name === story.matter.steps.at(-1);
    return [...steps, open(steps.length + 1, next.name, next.type, this.random.pick(HANDLERS), at, last)];
  }

  private close(result: StoryClosing['result'], reason: string | null, certificateNo: string | null = null) {
    return { result, reason, closedAt: this.at, certificateNo };
  }

  private examine(): Told {
    const { random, story, at } = this;
    if (!this.had('CORRECTION') && random.chance(TURN.correction)) {
      return { steps: this.end('CORRECTION_ASKED', '材料不齐，一次性告知补正', { name: '补正', type: 'CORRECTION' }) };
    }
    if (random.chance(TURN.notAccepted)) {
      return {
        steps: this.end('NOT_ACCEPTED', '不属于本机关职权范围'),
        closing: this.close('NOT_ACCEPTED', '不属于本机关职权范围'),
      };
    }
    return {
      acceptedAt: at,
      promisedOn: addWeekdays(at.slice(0, 10), story.matter.promisedDays),
      steps: this.end('ACCEPTED', '材料齐全，予以受理', this.nextStep()),
    };
  }

  private nextStep(): { name: string; type: 'STEP' } | undefined {
    const { steps } = this.story.matter;
    const name = steps[steps.indexOf(this.current!.name) + 1];
    return name === undefined ? undefined : { name, type: 'STEP' };
  }

  private endCorrection(): Told {
    if (this.random.chance(TURN.lapse)) {
      return {
        steps: this.end('DISAGREED', '逾期未补正'),
        closing: this.close('LAPSED_NO_CORRECTION', '申请人逾期未补正'),
      };
    }
    return { steps: this.end('AGREED', '材料已补齐', { name: this.nameBefore(), type: 'STEP' }) };
  }

  private resume(): Told {
    return { steps: this.end('AGREED', '特别程序结束', { name: this.nameBefore(), type: 'STEP' }) };
  }

  /** The ordinary step that a correction or special procedure interrupted. */
  private nameBefore(): string {
    return this.story.steps.findLast(step => step.type === 'STEP')!.name;
  }

  private handle(): Told {
    const { random, story, at } = this;
    if (!this.had('SPECIAL_PROCEDURE') && random.chance(TURN.specialProcedure)) {
      const name = random.pick(['核实', '公示', '听证', '检验检测']);
      return { steps: this.end('SPECIAL_PROCEDURE', `启动特别程序：${name}`, { name, type: 'SPECIAL_PROCEDURE' }) };
    }
    if (!this.had('EXTENSION') && random.chance(TURN.extension)) {
      const extension = open(story.steps.length + 1, '延长审批', 'EXTENSION', random.pick(HANDLERS), at);
      const done: StoryStep = { ...extension, endedAt: at, outcome: 'AGREED', opinion: '经负责人批准延长' };
      return { steps: [...story.steps, done], promisedOn: addWeekdays(story.promisedOn!, 5) };
    }
    if (random.chance(TURN.withdrawn)) {
      return { steps: this.end('DISAGREED', '申请人撤回申请'), closing: this.close('WITHDRAWN', '申请人撤回申请') };
    }
    if (random.chance(TURN.void)) {
      return { steps: this.end('DISAGREED', '重复登记'), closing: this.close('VOID', '重复登记，作废') };
    }
    const next = this.nextStep();
    if (!next && random.chance(TURN.refused)) return { steps: this.end('DISAGREED', '不符合法定条件') };
    return { steps: this.end('AGREED', '同意', next) };
  }

  private decision(): StoryClosing {
    const { story, random } = this;
    const last = story.steps.findLast(step => step.type === 'STEP')!;
    if (last.outcome === 'DISAGREED') return this.close('REFUSED', '不符合法定条件');
    if (random.chance(TURN.forwarded)) return this.close('FORWARDED', '报上级机关审批');
    const [, prefix, day, serial] = story.caseNo.split('-');
    return this.close('GRANTED', null, `${TOWN}${prefix}${day!.slice(0, 4)}${serial}`);
  }

  private reportAgain(): Told {
    const { title, dataVersion } = this.story;
    return { title: `${title.replace(/（第\d+次更正）$/, '')}（第${dataVersion}次更正）` };
  }
}

/** The latest time in the story. */
export const lastMomentOf = ({ submittedAt, steps, closing }: CaseStory): string =>
  [submittedAt, closing?.closedAt ?? '', ...steps.flatMap(step => [step.startedAt, step.endedAt ?? ''])].sort().at(-1)!;

/**
 * Adds the next event: correction, acceptance, a step, a special procedure, the closing; a closed story is reported
 * again with a correction. `at` is moved after everything in the story.
 */
export function advanceStory(story: CaseStory, random: Random, at: string): CaseStory {
  const last = lastMomentOf(story);
  const moment = at > last ? at : addMinutes(last, 1);
  return { ...story, ...new Advance(story, random, moment).tell(), dataVersion: story.dataVersion + 1 };
}

const inOfficeHours = (random: Random, day: string): string =>
  addMinutes(`${day}T08:30:00+08:00`, random.below(8 * 60)).replace(
    /:00\+/,
    `:${String(random.below(60)).padStart(2, '0')}+`,
  );

/** A later time: often the same day, for slow cases days later. */
function laterThan(random: Random, moment: string, slow: boolean): string {
  if (!slow && random.chance(0.5)) {
    const soon = addMinutes(moment, 5 + random.below(150));
    if (soon.slice(11) < '17:30') return soon;
  }
  const day = addWeekdays(moment.slice(0, 10), 1 + random.below(slow ? 9 : 2));
  return inOfficeHours(random, day);
}

function tellStory(town: Township, random: Random, options: StoryOptions, serial: number): CaseStory {
  const recent = random.chance(RECENT.share);
  const earliest = addDays(town.today, -(recent ? RECENT.days : HISTORY_DAYS));
  let day = random.day(earliest, addDays(town.today, -1));
  while (!isWeekday(day)) day = addDays(day, -1);
  let story = newStory(town, random, options, serial, inOfficeHours(random, day));
  const slow = random.chance(SLOW_SHARE);
  while (!story.closing) {
    const at = laterThan(random, lastMomentOf(story), slow);
    if (at >= town.today) return story;
    story = advanceStory(story, random, at);
  }
  return random.chance(CORRECTED_LATER_SHARE) ? advanceStory(story, random, lastMomentOf(story)) : story;
}

/** The cases of two years up to the town's day: most closed, some open; numbered from 1 within the prefix. */
export function tellStories(town: Township, options: StoryOptions & { readonly count: number }): CaseStory[] {
  if (town.residents.length === 0 || options.matters.length === 0) return [];
  const random = makeRandom(town.seed, `stories of ${options.purpose}`);
  return Array.from({ length: options.count }, (_, at) => tellStory(town, random, options, at + 1));
}
