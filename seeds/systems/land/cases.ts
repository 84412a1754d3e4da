/** The outpost's cases: past ones, and those that continue while the system runs. */
import type { CaseStory, StoryMatter } from '../../township/case-story.ts';
import { advanceStory, newStory, tellStories } from '../../township/case-story-teller.ts';
import { addDays, addMinutes } from '../../township/days.ts';
import type { Random, Township } from '../../township/model.ts';
import { beforeItsEnd, type CaseRow, type CaseSpelling, narrowOrgCode, rowsOfCase, wideOrgCode } from './case-rows.ts';
import { type Account, type Backlog, rowGuid, type Version } from './exchange-log.ts';
import { spellNumber } from './spelling.ts';

const PREFIX = 'LAND';
const PEOPLE_PER_CASE = 25;
/** Exchange software collects a day's rows in the evening. */
const batchOf = (at: string): string => `${at.slice(0, 10)} 22:00:00`;
const isStep = ({ table }: CaseRow) => table === 'up_pro_process' || table === 'up_pro_special_procedure';
const goesOn = ({ columns }: CaseRow): boolean =>
  columns.event_name === '04' || (columns.special_time !== undefined && columns.result === null);

interface Case {
  story: CaseStory;
  readonly spelling: CaseSpelling;
}

export class CaseDesk {
  private readonly cases: Case[] = [];

  constructor(
    private readonly town: Township,
    private readonly account: Account,
    private readonly random: Random,
    private readonly matters: readonly StoryMatter[],
  ) {}

  tellPast(backlog: Backlog): void {
    const count = Math.round(this.town.residents.length / PEOPLE_PER_CASE);
    const options = { purpose: 'land', prefix: PREFIX, matters: this.matters, count };
    for (const story of tellStories(this.town, options)) {
      const told: Case = { story, spelling: this.spell(story) };
      this.cases.push(told);
      for (const row of rowsOfCase(told.story, told.spelling)) this.tellRow(backlog, told.story, row);
      if (story.closing && this.account.commits('mistakenStep')) this.tellMistake(backlog, told);
    }
  }

  /** The rows of a new case. */
  open(at: string): CaseRow[] {
    const { matters, random, town } = this;
    const story = newStory(town, random, { prefix: PREFIX, matters }, this.cases.length + 1, at);
    const told: Case = { story, spelling: this.spell(story) };
    this.cases.push(told);
    return rowsOfCase(story, told.spelling);
  }

  hasOpen(): boolean {
    return this.cases.some(({ story }) => story.closing === null);
  }

  /** The next event of an open case: the rows that changed and those that are new. */
  advance(at: string): { caseNo: string; changed: CaseRow[]; added: CaseRow[] } {
    const open = this.cases.filter(({ story }) => story.closing === null);
    return this.tellOn(this.random.pick(open), at);
  }

  /** A closed case is reported again. */
  correct(at: string): CaseRow[] {
    const closed = this.cases.filter(({ story }) => story.closing !== null);
    return closed.length ? this.tellOn(this.random.pick(closed), at).changed : [];
  }

  private tellOn(told: Case, at: string) {
    const before = new Map(rowsOfCase(told.story, told.spelling).map(row => [row.guid, JSON.stringify(row.columns)]));
    told.story = advanceStory(told.story, this.random, at);
    const rows = rowsOfCase(told.story, told.spelling);
    const added = rows.filter(({ guid }) => !before.has(guid));
    const changed = rows.filter(({ guid, columns }) => {
      const earlier = before.get(guid);
      return earlier !== undefined && earlier !== JSON.stringify(columns);
    });
    for (const row of [...added, ...changed]) if (goesOn(row)) this.account.count('noEndTime');
    return { caseNo: told.story.caseNo, changed, added };
  }

  private spell({ applicant, caseNo }: CaseStory): CaseSpelling {
    const { account } = this;
    const number = 'person' in applicant ? applicant.person.residentId : applicant.business.creditCode;
    return {
      applicantNumber: spellNumber(account, number),
      orgCode: account.commits('wideOrgCode') ? wideOrgCode : narrowOrgCode,
      furtherCertificates: account.commits('severalCertificates') ? [` ${caseNo}（附）`] : [],
    };
  }

  private tellRow(backlog: Backlog, story: CaseStory, row: CaseRow): void {
    const { account, random } = this;
    const { columns, guid, table } = row;
    const final: Version = { operation: 'I', at: batchOf(row.at), columns };
    if (goesOn(row)) account.count('noEndTime');
    if (table === 'up_pro_process' && story.closing) {
      const unknown = account.commits('unknownEvent');
      if (unknown || account.commits('missingCase')) {
        const spoilt = unknown ? { ...columns, event_name: '99' } : { ...columns, project_no: null };
        backlog.tellUnreadable(table, guid, { ...final, columns: spoilt });
        return;
      }
    }
    if (isStep(row) && !goesOn(row) && random.chance(0.5)) this.tellInTwo(backlog, row);
    else if (table === 'up_pro_accept' && /次更正/.test(story.title)) {
      const first = { ...columns, project_name: story.title.replace(/（.*$/, '') };
      const again = batchOf(addDays(row.at.slice(0, 10), 30));
      backlog.tell(table, guid, [
        { ...final, columns: first },
        { operation: 'U', at: again, columns },
      ]);
    } else backlog.tell(table, guid, [final]);
  }

  /** Reports a step first as open, then as ended; both in one batch if they are of one day, and sometimes otherwise. */
  private tellInTwo(backlog: Backlog, row: CaseRow): void {
    const { account } = this;
    const started = beforeItsEnd(row);
    account.count('noEndTime');
    const end = batchOf(row.at);
    const start = account.commits('sameTime') ? end : batchOf(started.at);
    backlog.tell(row.table, row.guid, [
      { operation: 'I', at: start, columns: started.columns },
      { operation: 'U', at: end, columns: row.columns },
    ]);
  }

  private tellMistake(backlog: Backlog, { story, spelling }: Case): void {
    const step = rowsOfCase(story, spelling).find(({ table }) => table === 'up_pro_process')!;
    const guid = rowGuid('up_pro_process', `${story.caseNo}/mistake`);
    const columns = { ...step.columns, handle_explain: '误录' };
    const at = batchOf(step.at);
    const kept = this.account.commits('bareDeletion') ? { event_start_time: at, event_end_time: at } : columns;
    backlog.tell('up_pro_process', guid, [
      { operation: 'I', at, columns },
      {
        operation: 'D',
        at: addMinutes(`${at.replace(' ', 'T')}+08:00`, 24 * 60)
          .slice(0, 19)
          .replace('T', ' '),
        columns: kept,
      },
    ]);
  }
}
