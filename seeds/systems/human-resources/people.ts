/** Who is insured for what, who pays, who draws and who works: this agency's part of the town. */
import { addDays, ageOn } from '../../township/days.ts';
import type { Random, Township } from '../../township/model.ts';
import type { Faults } from './faults.ts';
import { columns, type Member, type Registration, type RowMaker, type WireRow } from './rows.ts';

const SHARE_INSURED = 0.97;

export class People {
  /** Rows of the whole sets at the end of last month, by table. */
  readonly insured: WireRow[] = [];
  readonly payments: WireRow[] = [];
  readonly benefits: WireRow[] = [];
  readonly employments: WireRow[] = [];
  /** Registrations that have not been made yet. */
  readonly uninsured: Registration[] = [];

  constructor(
    private readonly town: Township,
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly maker: RowMaker,
    private readonly until: string,
  ) {
    for (const [index, resident] of town.residents.entries()) {
      this.enter({ personNo: `3714${String(index + 1).padStart(8, '0')}`, resident });
    }
  }

  private enter(member: Member): void {
    const { random } = this;
    const age = ageOn(member.resident.born, this.until);
    if (age < 0) return;
    const alive = member.resident.diedOn === null;
    const worker = alive && age >= 18 && age < 60;
    const unit =
      worker && random.chance(0.08) && this.town.businesses.length ? random.pick(this.town.businesses) : null;
    const kinds = unit ? (['110', '310'] as const) : age >= 16 ? (['170', '390'] as const) : (['390'] as const);
    for (const insurance of kinds) this.register({ ...member, insurance, unit });
    if (!unit && age >= 60 && random.chance(0.9)) this.draw(member, alive);
    if (worker && random.chance(0.17)) this.employments.push(this.maker.employment(member, unit, this.dayFrom(2018)));
  }

  private register(registration: Registration): void {
    const { random, faults, maker } = this;
    if (!random.chance(SHARE_INSURED)) {
      this.uninsured.push(registration);
      return;
    }
    const old =
      registration.insurance === '170' && registration.resident.born < '1993' && faults.commits('oldInsuranceCode');
    const since = old ? random.day('2010-01-01', '2013-12-31') : this.dayFrom(2014);
    const handledOn = old ? since : random.day(since < '2014-03-01' ? '2014-03-01' : since, this.until);
    const row = maker.insured(registration, since, handledOn);
    this.insured.push(old ? withCell(row, columns.AC02.insurance, random.chance(0.1) ? '150' : '160') : row);
    const share = registration.insurance === '170' ? 0.2 : 0.45;
    if (registration.resident.diedOn === null && random.chance(share)) this.pay(registration);
  }

  private pay(registration: Registration): void {
    const { faults, maker } = this;
    const row = maker.payment(registration, '202512', this.random.day('2025-12-01', '2025-12-31'));
    this.payments.push(row);
    const { channel, amount, reversed, handled } = columns.AC43;
    if (faults.commits('reversal')) {
      const changed = { [amount]: `-${row.cells[amount]}`, [reversed]: row.sourceId, [handled]: '20260112101500' };
      this.payments.push(maker.paymentAgain(row, changed));
    }
    if (faults.commits('taxDisagrees')) {
      this.payments.push(maker.paymentAgain(row, { [channel]: '1', [amount]: '380.00' }));
    }
  }

  private draw(member: Member, alive: boolean): void {
    const drawing = alive || this.faults.commits('deadDrawing');
    this.benefits.push(this.maker.benefit(member, drawing ? '1' : '3', this.dayFrom(2020)));
  }

  private dayFrom(year: number): string {
    return this.random.day(`${year}-03-01`, addDays(this.until, -1));
  }
}

const withCell = (row: WireRow, at: number, value: string): WireRow => ({
  ...row,
  cells: row.cells.map((cell, index) => (index === at ? value : cell)),
});
