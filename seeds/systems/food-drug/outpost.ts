/** What the outpost does: it reports its past once, and then continues step by step. */
import type { CaseStory, StoryMatter } from '../../township/case-story.ts';
import { advanceStory, newStory, tellStories } from '../../township/case-story-teller.ts';
import { addMinutes } from '../../township/days.ts';
import type { Random, Township } from '../../township/model.ts';
import type { Touched } from '../pretend-system.ts';
import { CaseRows } from './case-rows.ts';
import type { Clerks } from './clerks.ts';
import type { Exchange } from './exchange.ts';
import { type Grants, type Licence, licenceRow, makeLicences } from './licence-rows.ts';
import { type Officer, readOutpost } from './matters.ts';
import { KIND_OF, type Row } from './row.ts';
import { inspectionRow, sampleRow } from './supervision-rows.ts';

/** Per resident. */
const SHARES = { licences: 0.015, inspections: 0.0433, samples: 0.0167, cases: 0.0233 };
const PREFIX = 'FD';

interface Progress {
  readonly story: CaseStory;
  readonly rows: readonly Row[];
}

export class Outpost {
  private readonly matters: readonly StoryMatter[];
  private readonly officers: readonly Officer[];
  private readonly town: Township;
  private readonly stories: CaseStory[] = [];
  private readonly licences: Licence[] = [];
  private caseSerial = 0;
  private visitSerial = 0;
  private now: string;

  constructor(
    town: Township,
    private readonly random: Random,
    private readonly exchange: Exchange,
    private readonly clerks: Clerks,
  ) {
    const customers = town.businesses.filter(({ trade }) => trade !== null);
    this.town = { ...town, businesses: customers.length ? customers : town.businesses };
    this.now = `${town.today}T09:00:00+08:00`;
    ({ matters: this.matters, officers: this.officers } = readOutpost());
  }

  tellPast(): void {
    const { town, random, matters } = this;
    const count = (share: number) => Math.max(1, Math.round(town.residents.length * share));
    this.caseSerial = count(SHARES.cases);
    const stories = tellStories(town, { purpose: 'food-drug', prefix: PREFIX, matters, count: this.caseSerial });
    this.licences.push(...makeLicences(town, random, count(SHARES.licences), grantsOf(stories)));
    const certificates = new Map(this.licences.map(({ caseNo, number }) => [caseNo, number]));
    for (const licence of this.licences) this.tellPastRows([licenceRow(licence)]);
    for (const story of stories) this.tellPastCase(certified(story, certificates.get(story.caseNo)));
    if (this.licences.length === 0) return;
    for (let left = count(SHARES.inspections); left > 0; left--) this.tellPastRows([this.inspect(this.pastDay())]);
    for (let left = count(SHARES.samples); left > 0; left--) this.tellPastRows([this.sample(this.pastDay())]);
  }

  private tellPastCase(story: CaseStory): void {
    // Deleted cases do not continue.
    if (!this.tellPastRows(new CaseRows(story).all())) this.stories.push(story);
  }

  /** True when they were deleted afterwards. */
  private tellPastRows(rows: readonly Row[]): boolean {
    for (const row of rows) this.exchange.tellPast(row);
    const deleted = this.clerks.commit('deleted');
    if (deleted) for (const row of rows) this.exchange.tellRemoval(row, this.now);
    return deleted;
  }

  private pastDay(): string {
    return this.random.day(`${Number(this.town.today.slice(0, 4)) - 3}-01-01`, this.town.today);
  }

  /** Continues by one step, with the clerks' usual errors. */
  step(): void {
    this.pass();
    for (const row of this.nextRows(this.random.below(10))) this.exchange.tell(row);
  }

  private nextRows(draw: number): readonly Row[] {
    const today = this.now.slice(0, 10);
    if (draw < 6 || this.licences.length === 0) return this.advance(true).rows;
    if (draw < 7) return this.begin().rows;
    if (draw < 8) return [this.inspect(today)];
    if (draw < 9) return [this.sample(today)];
    return [licenceRow(this.changeLicence())];
  }

  /** One clean advance of an open case; a new case where none is open. */
  touch(): Touched {
    this.pass();
    const { story, rows } = this.advance(false);
    for (const row of rows) this.exchange.tellClean(row);
    const last = rows.reduce((heaviest, row) => (weightOf(row) >= weightOf(heaviest) ? row : heaviest));
    return { kind: KIND_OF[last.table], sourceId: last.sourceId, caseNo: story.caseNo };
  }

  private pass(): void {
    this.now = addMinutes(this.now, 1);
  }

  /** The next event of a case, and the rows that it changes; closed cases come back corrected, if they may. */
  private advance(closedToo: boolean): Progress {
    const candidates = this.stories.flatMap(({ closing }, at) => (closing && !closedToo ? [] : at));
    if (candidates.length === 0) return this.begin();
    const open = candidates.filter(at => !this.stories[at]!.closing);
    const at = this.random.pick(open.length && this.random.chance(0.9) ? open : candidates);
    const before = this.stories[at]!;
    const story = advanceStory(before, this.random, this.now);
    this.stories[at] = story;
    return { story, rows: changedRows(before, story) };
  }

  private begin(): Progress {
    const { town, random, matters } = this;
    const story = newStory(town, random, { prefix: PREFIX, matters }, ++this.caseSerial, this.now);
    this.stories.push(story);
    return { story, rows: new CaseRows(story).all() };
  }

  private inspect(day: string): Row {
    const visit = { licence: this.random.pick(this.licences), serial: ++this.visitSerial, day };
    return inspectionRow(this.random, this.officers, { ...visit, dataVersion: this.random.chance(0.3) ? 2 : 1 });
  }

  private sample(day: string): Row {
    const visit = { licence: this.random.pick(this.licences), serial: ++this.visitSerial, day };
    return sampleRow(this.random, { ...visit, dataVersion: this.random.chance(0.3) ? 2 : 1 });
  }

  /** Suspended, or valid again. */
  private changeLicence(): Licence {
    const at = this.random.below(this.licences.length);
    const before = this.licences[at]!;
    const state = before.state === '1' ? '2' : '1';
    const licence = { ...before, state, dataVersion: before.dataVersion + 1, changedAt: this.now };
    this.licences[at] = licence;
    return licence;
  }
}

const weightOf = ({ table }: Row): number =>
  ['EA_JC_STEP_BASICINFO', 'EA_JC_STEP_PROC', 'EA_JC_STEP_SPECIALNODE', 'EA_JC_STEP_DONE'].indexOf(table);

/** The licences that came of cases. */
function grantsOf(stories: readonly CaseStory[]): Grants {
  const grants = new Map<string, { caseNo: string; day: string }>();
  for (const { caseNo, matterCode, applicant, closing } of stories) {
    if (closing?.result !== 'GRANTED' || !('business' in applicant) || !matterCode.endsWith('-001')) continue;
    grants.set(applicant.business.creditCode, { caseNo, day: closing.closedAt.slice(0, 10) });
  }
  return grants;
}

const certified = (story: CaseStory, certificateNo: string | undefined): CaseStory =>
  story.closing && certificateNo ? { ...story, closing: { ...story.closing, certificateNo } } : story;

const contentOf = ({ cells }: Row): string => JSON.stringify({ ...cells, DATAVER: null });

function changedRows(before: CaseStory, after: CaseStory): readonly Row[] {
  const old = new Map(new CaseRows(before).all().map(row => [`${row.table} ${row.sourceId}`, contentOf(row)]));
  return new CaseRows(after).all().filter(row => old.get(`${row.table} ${row.sourceId}`) !== contentOf(row));
}
