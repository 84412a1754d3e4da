/**
 * The pretend human-resources outpost: files in GB18030 on an SFTP server, whole sets by the month, changes by the day.
 */
import { addDays, isWeekday } from '../../township/days.ts';
import type { Random, Township } from '../../township/model.ts';
import type { Ledger, PretendSystem, StartOptions, StartSystem, Touched } from '../pretend-system.ts';
import { Archive } from './archive.ts';
import { Faults } from './faults.ts';
import { Outbox, type WireFile } from './outbox.ts';
import { People } from './people.ts';
import { columns, compact, type Registration, RowMaker, type Table, type WireRow } from './rows.ts';
import { SftpServer } from './sftp-server.ts';

const FOLDER = '/outbox';
const USER = 'fangsi-hub';
/** Days of the current month with changes of insured persons before the town's today. */
const DELTA_DAYS = 8;
const FIRST_SERIAL = 101;

export class HumanResourcesSystem implements PretendSystem {
  readonly agency = 'human-resources';
  readonly environment: Readonly<Record<string, string>>;
  private readonly serials: Record<Table, number> = {
    AC02: FIRST_SERIAL,
    AC43: FIRST_SERIAL,
    AC61: FIRST_SERIAL,
    CC03: FIRST_SERIAL,
  };
  private readonly lastMonthEnd: string;
  private readonly random: Random;
  private readonly faults: Faults;
  private readonly archive: Archive;
  private readonly maker: RowMaker;
  /** Registrations that have not been made yet. */
  private readonly newcomers: Registration[];
  private readonly insuredCount: number;
  private readonly outbox: Outbox;
  /** Events of the next steps. */
  private readonly coming: (() => void)[] = [];

  private constructor(
    private readonly town: Township,
    options: StartOptions,
    private readonly server: SftpServer,
  ) {
    this.environment = {
      HUB_HUMAN_RESOURCES_HOST: '127.0.0.1',
      HUB_HUMAN_RESOURCES_PORT: String(server.port),
      HUB_HUMAN_RESOURCES_USER: USER,
      HUB_HUMAN_RESOURCES_PRIVATE_KEY: server.privateKey,
      HUB_HUMAN_RESOURCES_HOST_KEY: server.hostKeyFingerprint,
      HUB_HUMAN_RESOURCES_FOLDER: FOLDER,
    };
    this.random = town.random(`human-resources/${options.seed}`);
    this.lastMonthEnd = addDays(`${town.today.slice(0, 7)}-01`, -1);
    this.faults = new Faults(town.random(`human-resources/faults/${options.seed}`), options);
    this.archive = new Archive(this.random, this.faults);
    this.maker = new RowMaker(this.random, town.today);
    const people = new People(town, this.random, this.faults, this.maker, this.lastMonthEnd);
    this.newcomers = people.uninsured;
    this.insuredCount = people.insured.length;
    this.outbox = new Outbox(server);
    this.publishMonth(people);
    this.publishDays();
  }

  static async start(options: StartOptions): Promise<HumanResourcesSystem> {
    const server = await SftpServer.start({ user: USER, folder: FOLDER });
    return new HumanResourcesSystem(options.town, options, server);
  }

  ledger(): Ledger {
    return this.archive.ledger();
  }

  async touch(): Promise<Touched> {
    const row = this.archive.pick('AC02');
    this.publishDelta('AC02', this.town.today, [this.changeInsured(row, this.town.today)]);
    return { kind: 'InsuredPerson', sourceId: row.sourceId, caseNo: null };
  }

  async step(): Promise<void> {
    const coming = this.coming.shift();
    if (coming) return coming();
    const { town, random, archive } = this;
    const draw = random.below(10);
    if (draw < 5) this.publishDelta('AC02', town.today, this.insuredLines(1 + random.below(3), town.today));
    else if (draw < 8) this.publishDelta('AC43', town.today, this.paymentLines(1 + random.below(3), town.today));
    else if (!archive.isEmpty('AC61')) this.publishDelta('AC61', town.today, this.qualificationLines(1, town.today));
  }

  setOutage(outage: 'none' | 'refuse' | 'hang'): void {
    this.server.setOutage(outage);
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  /** Sends a whole set of insured persons again with a fiftieth of its rows: taken literally, it removes almost all. */
  publishShrunkenSet(): void {
    this.faults.count('shrunkenSet');
    const lines = this.archive.someLines('AC02', Math.ceil(this.insuredCount / 50));
    this.outbox.publish(this.wholeSet('AC02', lines));
  }

  /** Publishes changes of benefits that do not match their control file, until `repair`. */
  publishTornDelta(): { name: string; repair: () => void } {
    this.faults.count('controlMismatch');
    return this.outbox.publishTorn(this.delta('AC61', this.town.today, this.qualificationLines(3, this.town.today)));
  }

  private publishMonth({ insured, payments, benefits, employments }: People): void {
    const sets = { AC02: insured, AC43: payments, AC61: benefits, CC03: employments };
    for (const [table, rows] of Object.entries(sets) as [Table, WireRow[]][]) {
      this.outbox.publish(this.wholeSet(table, this.archive.tell(rows, '')));
    }
  }

  private publishDays(): void {
    const days = Array.from({ length: 31 }, (_, index) => addDays(this.lastMonthEnd, index + 1))
      .filter(day => day < this.town.today && isWeekday(day))
      .slice(0, DELTA_DAYS);
    const some = Math.ceil(this.insuredCount / 2000);
    for (const day of days) this.publishDelta('AC02', day, this.insuredLines(some + 2, day));
    for (const day of days.slice(0, 2)) {
      this.publishDelta('AC43', day, this.paymentLines(some + 3, day));
      this.publishDelta('AC61', day, this.qualificationLines(some, day));
    }
    if (this.faults.commits('controlMismatch')) {
      this.outbox.publishTornOnce(this.delta('AC43', this.town.today, this.paymentLines(4, this.town.today)));
    }
    if (this.faults.commits('lateDelta')) this.coming.push(() => this.publishLateDelta());
    if (this.faults.commits('awaitingControl')) this.leaveAwaiting();
    if (this.faults.commits('shrunkenSet')) this.publishShrunkenSet();
  }

  /** Changes from before the whole set, which contains all of them, including that one record is gone since. */
  private publishLateDelta(): void {
    const day = addDays(this.lastMonthEnd, -2);
    const gone = this.newcomers[0];
    const lines = gone ? [`1|${this.maker.insured(gone, day, day).cells.join('|')}`] : [];
    const outdated = this.maker.changed(this.archive.pick('AC02'), { [columns.AC02.status]: '2' }, day);
    lines.push(`2|${outdated.cells.join('|')}`);
    this.outbox.publish({ ...this.delta('AC02', day, lines), serial: FIRST_SERIAL - 1 });
  }

  /** Registrations without their control file, until a step brings it. */
  private leaveAwaiting(): void {
    const rows = this.town.residents
      .slice(0, 3)
      .map((resident, index) =>
        this.maker.employment(
          { personNo: `3714${String(index + 1).padStart(8, '0')}`, resident },
          null,
          this.town.today,
        ),
      );
    const file = this.delta(
      'CC03',
      this.town.today,
      rows.map(row => `1|${row.cells.join('|')}`),
    );
    this.outbox.layData(file);
    this.coming.push(() => {
      this.archive.note(rows);
      this.outbox.publish(file);
    });
  }

  private insuredLines(count: number, day: string): string[] {
    const lines: string[] = [];
    for (let index = 0; index < count; index++) {
      const newcomer = index % 3 === 0 ? this.newcomers.pop() : undefined;
      if (newcomer) lines.push(...this.archive.tell([this.maker.insured(newcomer, day, day)], '1'));
      else if (index % 3 === 1) lines.push(this.archive.removeOne('AC02'));
      else lines.push(this.changeInsured(this.archive.pick('AC02'), day));
    }
    return lines;
  }

  private changeInsured(row: WireRow, day: string): string {
    const { status, insurance } = columns.AC02;
    const code = row.cells[insurance]!;
    // Rows handled today use today's codes.
    const today = code === '150' || code === '160' ? '170' : code;
    const next = row.cells[status] === '1' ? '2' : '1';
    return this.archive.change(row, this.maker.changed(row, { [status]: next, [insurance]: today }, day));
  }

  private paymentLines(count: number, day: string): string[] {
    return this.archive.tell(
      Array.from({ length: count }, () => {
        const row = this.archive.pick('AC02');
        const resident = this.town.residents[Number(row.cells[0]!.slice(4)) - 1]!;
        const registration = { personNo: row.cells[0]!, resident, insurance: '390', unit: null } as const;
        return this.maker.payment(registration, compact(day).slice(0, 6), day);
      }),
      '1',
    );
  }

  private qualificationLines(count: number, day: string): string[] {
    if (this.archive.isEmpty('AC61')) return [];
    return Array.from({ length: count }, () => {
      const row = this.archive.pick('AC61');
      return this.archive.change(row, this.maker.changed(row, { [columns.AC61.qualified]: compact(day) }, day));
    });
  }

  private publishDelta(table: Table, day: string, lines: readonly string[]): void {
    this.outbox.publish(this.delta(table, day, lines));
  }

  private delta(table: Table, day: string, lines: readonly string[]): WireFile {
    return { table, mode: 'INC', period: compact(day), serial: this.serials[table]++, lines };
  }

  private wholeSet(table: Table, lines: readonly string[]): WireFile {
    return { table, mode: 'ALL', period: compact(this.lastMonthEnd).slice(0, 6), serial: this.serials[table]++, lines };
  }
}

export default (options => HumanResourcesSystem.start(options)) satisfies StartSystem;
