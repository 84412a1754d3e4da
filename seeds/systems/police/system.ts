/** The pretend system of the police: live services about people, and polled services of rows, over RBSP. */
import { makeRandom } from '../../township/random.ts';
import type { PretendSystem, StartOptions, StartSystem, Touched } from '../pretend-system.ts';
import { Archive, type StoredKind } from './archive.ts';
import { Cases } from './cases.ts';
import { Clock } from './clock.ts';
import { Faults } from './faults.ts';
import { HouseholdChanges } from './household-changes.ts';
import { type LiveKind, Population } from './population.ts';
import { type Answer, RbspServer, type Request } from './rbsp-server.ts';
import { tellResidentCounts } from './resident-counts.ts';
import { Scribe } from './scribe.ts';

const SENDER_ID = 'C37-10000147';
const LIVE: Readonly<Record<string, LiveKind>> = {
  'S10-00000101': 'Resident',
  'S10-00000102': 'IdentityCard',
  'S10-00000103': 'ResidencePermit',
};
const STORED: Readonly<Record<string, StoredKind>> = {
  'S10-00000201': 'HouseholdChange',
  'S10-00000202': 'ResidentCount',
  'S10-00000301': 'CaseReport',
  'S10-00000302': 'Approval',
  'S10-00000303': 'CaseClosing',
};
/** The platform never returns more rows at a time. */
const MOST_ROWS = 2000;
/** A row may be committed this many seconds after its time stamp. */
const COMMIT_DELAY_S = 60;

const changedSince = /^GXSJ>='(\d{14})'$/;
const changedAfter = /^GXSJ>'(\d{14})' OR \(GXSJ='(\d{14})' AND XH>'(\w+)'\)$/;
const aboutPeople = /^GMSFHM IN \(('[\dX]{18}'(?:,'[\dX]{18}')*)\)$/;

class PoliceSystem implements PretendSystem {
  readonly agency = 'police';
  environment: Readonly<Record<string, string>> = {};
  private readonly accessKey: string;
  private readonly random;
  private readonly clock: Clock;
  private readonly archive: Archive;
  private readonly changes: HouseholdChanges;
  private readonly cases: Cases;
  private readonly population: Population;
  private readonly server: RbspServer;
  private readonly port: number | undefined;

  constructor({ town, seed, faults: rates, faultless, port }: StartOptions) {
    this.port = port;
    const stream = (purpose: string) => makeRandom(seed, `police ${purpose}`);
    this.random = stream('life');
    this.accessKey = `key-${stream('key').below(1e9)}-${stream('key 2').below(1e9)}`;
    this.clock = new Clock(town.today);
    const faults = new Faults(stream('faults'), rates, faultless);
    const scribe = new Scribe(stream('scribe'), faults);
    const careful = new Scribe(stream('careful'), new Faults(stream('none'), {}, true));
    this.archive = new Archive(stream('archive'), faults, scribe, town.today);
    tellResidentCounts(town, this.archive, scribe);
    this.changes = new HouseholdChanges(town, stream('changes'), this.archive, scribe, careful, faults);
    this.changes.tellPast();
    this.cases = new Cases(town, stream('cases'), this.archive, scribe, careful, faults);
    this.cases.tellPast();
    this.population = new Population(town, seed, faults, this.changes.registeredDeaths);
    this.server = new RbspServer({
      senderId: SENDER_ID,
      accessKey: this.accessKey,
      now: () => this.clock.stamp(),
      answer: request => this.answer(request),
    });
  }

  async start(): Promise<this> {
    this.environment = {
      HUB_POLICE_URL: await this.server.listen(this.port),
      HUB_POLICE_SENDER_ID: SENDER_ID,
      HUB_POLICE_ACCESS_KEY: this.accessKey,
    };
    return this;
  }

  private answer({ serviceId, condition, lineCount }: Request): Answer | 'NOT_SUBSCRIBED' {
    const limit = Math.min(lineCount, MOST_ROWS);
    const live = LIVE[serviceId];
    const stored = STORED[serviceId];
    if (live) {
      const ids = aboutPeople.exec(condition)?.[1]?.replaceAll("'", '').split(',');
      const rows = ids?.flatMap(id => this.population.rowsOf(live, id));
      return rows ? rows.slice(0, limit).map(values => ({ values })) : null;
    }
    if (!stored) return 'NOT_SUBSCRIBED';
    const since = changedSince.exec(condition);
    const after = changedAfter.exec(condition);
    if (since) return this.archive.feeds[stored].after(since[1]!, '', limit);
    return after && after[1] === after[2] ? this.archive.feeds[stored].after(after[1]!, after[3]!, limit) : null;
  }

  ledger() {
    return this.archive.ledger();
  }

  async touch(): Promise<Touched> {
    return this.cases.advance(this.clock.moment());
  }

  async step(): Promise<void> {
    const at = this.clock.moment(this.random.below(COMMIT_DELAY_S));
    const draw = this.random.below(100);
    if (draw < 50) this.cases.advance(at);
    else if (draw < 70) this.cases.begin(at);
    else if (draw < 80) this.cases.correct(at);
    else if (draw < 93) this.population.add(this.changes.tellBirth(at));
    else this.changes.withdrawBirth(at);
  }

  setOutage(outage: 'none' | 'refuse' | 'hang'): void {
    this.server.setOutage(outage);
  }

  async stop(): Promise<void> {
    await this.server.close();
  }
}

const start: StartSystem = options => new PoliceSystem(options).start();
export default start;
