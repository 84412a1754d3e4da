/** The pretend exchange database of the land outpost: a real PostgreSQL database that its exchange software fills. */
import { addMinutes } from '../../township/days.ts';
import type { Plot, Random } from '../../township/model.ts';
import type { Ledger, PretendSystem, StartOptions, StartSystem, Touched } from '../pretend-system.ts';
import type { CaseRow } from './case-rows.ts';
import { CaseDesk } from './cases.ts';
import { ExchangeDatabase } from './exchange-database.ts';
import { ExchangeGate } from './exchange-gate.ts';
import { Account, Backlog, kindOfTable, type LogRow, logRow, type Version } from './exchange-log.ts';
import { tellHomesteads, tellQuotas } from './ledgers.ts';
import { landMatters } from './matters.ts';
import { ParcelRegistry } from './parcels.ts';
import { RightsRegistry } from './rights.ts';

/** Share of the town's plots that the registry has surveyed; and share of these that have a certificate. */
const SURVEYED = 0.72;
const REGISTERED = 0.85;

/** The system's own time: later than all that it has reported, never twice the same second. */
class Clock {
  private lastMs: number;
  constructor(today: string) {
    this.lastMs = Date.parse(`${today}T09:00:00+08:00`);
  }
  next(): string {
    this.lastMs = Math.max(this.lastMs + 1000, Date.now());
    return addMinutes(new Date(this.lastMs).toISOString(), 0);
  }
}
const batchTime = (moment: string): string => moment.slice(0, 19).replace('T', ' ');

class LandSystem implements PretendSystem {
  readonly agency = 'land';
  private readonly clock: Clock;

  constructor(
    private readonly database: ExchangeDatabase,
    private readonly gate: ExchangeGate,
    private readonly account: Account,
    private readonly desk: CaseDesk,
    private readonly rights: RightsRegistry,
    private readonly plots: readonly Plot[],
    private readonly random: Random,
    today: string,
  ) {
    this.clock = new Clock(today);
  }

  get environment() {
    return { HUB_LAND_DATABASE_URL: this.gate.url };
  }

  ledger(): Ledger {
    return this.account.ledger();
  }

  async touch(): Promise<Touched> {
    const at = this.clock.next();
    if (!this.desk.hasOpen()) {
      const rows = this.desk.open(at);
      await this.publishCase([], rows, at);
      return this.touched(rows[0]!);
    }
    const { added, changed } = this.desk.advance(at);
    await this.publishCase(changed, added, at);
    // The closing shows most, then the step that ended.
    const telling = (rows: CaseRow[]) =>
      rows.find(({ table }) => table === 'up_pro_result') ?? rows.find(({ table }) => table !== 'up_pro_accept');
    return this.touched(telling(added) ?? telling(changed) ?? changed[0]!);
  }

  async step(): Promise<void> {
    const at = this.clock.next();
    const turn = this.random.below(10);
    if (turn < 3) await this.publishCase([], this.desk.open(at), at);
    else if (turn < 7 && this.desk.hasOpen()) {
      const { added, changed } = this.desk.advance(at);
      await this.publishCase(changed, added, at);
    } else if (turn < 8) await this.publishCase(this.desk.correct(at), [], at);
    else await this.registerOn(at);
  }

  setOutage(outage: 'none' | 'refuse' | 'hang'): void {
    this.gate.setOutage(outage);
  }

  async stop(): Promise<void> {
    await this.gate.close();
    await this.database.drop();
  }

  private touched({ table, guid, columns }: CaseRow): Touched {
    return { kind: kindOfTable(table), sourceId: guid, caseNo: String(columns.project_no) };
  }

  private async publishCase(changed: readonly CaseRow[], added: readonly CaseRow[], moment: string): Promise<void> {
    const at = batchTime(moment);
    const written = (operation: 'I' | 'U') => (row: CaseRow) =>
      logRow(row.table, row.guid, { operation, at, columns: row.columns });
    await this.database.publish([...changed.map(written('U')), ...added.map(written('I'))]);
    for (const { table } of added) this.account.stands(table);
  }

  /** A right is mortgaged or struck off, while a new one, written before it, is committed after it. */
  private async registerOn(moment: string): Promise<void> {
    const at = batchTime(moment);
    const { account, random, rights } = this;
    const fresh = rights.certificate(random.pick(this.plots), at.slice(0, 10), '200');
    const earlier = batchTime(addMinutes(moment, -90));
    const late = logRow('bdcdj', fresh.guid, { operation: 'I', at: earlier, columns: fresh.columns });
    const others = this.changeOfRight(at);
    await this.database.publishAround(late, others);
    account.stands('bdcdj');
    account.count('lateCommit');
    if (others[0]?.columns.cd_operation === 'D') account.goes('bdcdj');
  }

  private changeOfRight(at: string): LogRow[] {
    const { current } = this.rights;
    if (current.length === 0) return [];
    const [{ guid, columns }] = current.splice(this.random.below(current.length), 1) as [(typeof current)[number]];
    const change: Version = this.random.chance(0.4)
      ? { operation: 'D', at, columns: {} }
      : { operation: 'U', at, columns: { ...columns, dyaq: '1' } };
    return [logRow('bdcdj', guid, change)];
  }
}

const start = async ({ town, seed, faults, faultless, postgresUrl }: StartOptions): Promise<PretendSystem> => {
  if (!postgresUrl) throw new Error('The exchange database of the land outpost needs postgresUrl.');
  const random = town.random(`land ${seed}`);
  const account = new Account(town.random(`land faults ${seed}`), Account.rates(faults, faultless));
  const backlog = new Backlog(account, random);
  const parcels = new ParcelRegistry(account, random, backlog, town.today);
  const rights = new RightsRegistry(account, random, town);
  const surveyed = town.plots.filter(() => random.chance(SURVEYED));
  for (const plot of surveyed) {
    parcels.register(plot);
    if (random.chance(REGISTERED)) rights.register(backlog, plot);
  }
  tellHomesteads(town, account, random, backlog);
  tellQuotas(town, random, backlog);
  const desk = new CaseDesk(town, account, random, landMatters());
  desk.tellPast(backlog);
  const database = await ExchangeDatabase.create(postgresUrl);
  try {
    await database.load(backlog.inOrderOfWriting());
    const gate = await ExchangeGate.open(database.url);
    return new LandSystem(database, gate, account, desk, rights, surveyed, random, town.today);
  } catch (error) {
    await database.drop();
    throw error;
  }
};
export default start satisfies StartSystem;
