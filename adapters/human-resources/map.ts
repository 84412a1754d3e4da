/** One row of a file restated as a record. */
import {
  put,
  type RecordKind,
  type RecordOf,
  Rejection,
  readOperationCode,
  remove,
  required,
  type Source,
  type Statement,
  versionOf,
  yearOf,
} from '../kit/index.ts';
import { Cells } from './cells.ts';
import {
  benefitStatus,
  employmentEvent,
  employmentForm,
  INSURANCE_KINDS_MERGED_ON,
  insuranceKind,
  insuranceStatus,
  insuredSex,
  paymentChannel,
} from './codes.ts';
import type { Row, TableName } from './layout.ts';
import { Benefit, EmploymentRegistration, InsuredPerson, Payment } from './records.ts';

/** How rows of a table become records. */
interface Reading<K extends RecordKind> {
  readonly kind: K;
  sourceId(cells: Cells): string;
  read(cells: Cells): RecordOf<K>;
}
const reading = <K extends RecordKind>(given: Reading<K>): Reading<K> => given;

/** The columns that all tables share. */
const whose = (cells: Cells) => ({
  personNo: cells.needed('AAC001'),
  residentId: cells.needed('AAC002'),
  name: cells.needed('AAC003'),
  handledAt: cells.handledAt,
});

/** The digits of AAE140 have the meaning of the day on which the row was handled; a removal need not say that day. */
function insuranceKindOf(cells: Cells) {
  const old = cells.text('AAE036') !== null && cells.handledAt < INSURANCE_KINDS_MERGED_ON;
  return cells.neededCode('AAE140', insuranceKind, old ? '2009' : '2014');
}

const insuredPerson = reading({
  kind: InsuredPerson,
  /** By the insurance's current code: the merger of 2014 changed the code, not the registration. */
  sourceId: cells => `${cells.needed('AAC001')}-${insuranceKind.values[insuranceKindOf(cells)].codes?.['2014']}`,
  read: cells => ({
    ...whose(cells),
    sex: cells.code('AAC004', insuredSex, /^\d/.test(cells.text('AAC004') ?? '') ? 'digit' : 'word'),
    birthDate: cells.neededDay('AAC006'),
    unitNo: cells.text('AAB001'),
    unitCreditCode: cells.text('AAB998'),
    unitName: cells.text('AAB004'),
    regionCode: cells.text('AAB301'),
    insuranceKind: insuranceKindOf(cells),
    status: cells.neededCode('AAC008', insuranceStatus, 'aac008'),
    insuredSince: cells.neededDay('AAC030'),
  }),
});

const payment = reading({
  kind: Payment,
  sourceId: cells => cells.needed('AAE072'),
  read: cells => ({
    receiptNo: cells.needed('AAE072'),
    ...whose(cells),
    insuranceKind: insuranceKindOf(cells),
    period: cells.neededMonth('AAE002'),
    amount: cells.neededAmount('AAE019'),
    tier: cells.integer('AAA044'),
    channel: cells.neededCode('AAB033', paymentChannel, 'aab033'),
    reversedReceiptNo: cells.text('AAE076'),
  }),
});

const benefit = reading({
  kind: Benefit,
  sourceId: cells => cells.needed('AAZ257'),
  read: cells => {
    const drawnSince = cells.neededDay('AIC160');
    return {
      benefitNo: cells.needed('AAZ257'),
      ...whose(cells),
      insuranceKind: insuranceKindOf(cells),
      monthlyAmount: cells.neededAmount('AAE145'),
      drawnSince,
      drawnSinceYear: yearOf(drawnSince),
      accountNo: cells.text('AAE010'),
      qualifiedOn: cells.day('AAE241'),
      status: cells.neededCode('AAE116', benefitStatus, 'aae116'),
    };
  },
});

const employmentRegistration = reading({
  kind: EmploymentRegistration,
  sourceId: cells => cells.needed('ACC200'),
  read: cells => ({
    registrationNo: cells.needed('ACC200'),
    ...whose(cells),
    event: cells.neededCode('ACC201', employmentEvent, 'acc201'),
    form: cells.code('AAC013', employmentForm, 'aac013'),
    registeredOn: cells.neededDay('AAE030'),
    certificateNo: cells.text('ACC021'),
    employerCreditCode: cells.text('AAB998'),
    employerName: cells.text('AAB004'),
    regionCode: cells.text('AAB301'),
    note: cells.text('AAE013'),
  }),
});

const readings: Readonly<Record<TableName, Reading<RecordKind>>> = {
  AC02: insuredPerson,
  AC43: payment,
  AC61: benefit,
  CC03: employmentRegistration,
};
/** The kind of record that a table's rows become. */
export const kindOf = (table: TableName): string => readings[table].kind.name;

export function readRow(row: Row): readonly Statement[] {
  const { kind, sourceId: identify, read } = readings[row.file.table];
  const cells = new Cells(row);
  const sourceId = identify(cells);
  const source: Source = { sourceId, version: versionOf(row.file.version, row.line), asOf: row.file.asOf };
  if (isRemoval(row, sourceId)) return [remove(kind, source)];
  try {
    return [put(kind, source, read(cells))];
  } catch (error) {
    // With its id the hub knows that the whole set held the record, although it cannot be read.
    if (error instanceof Rejection) throw new Rejection(error.field, error.reason, sourceId);
    throw error;
  }
}

function isRemoval({ operation }: Row, sourceId: string): boolean {
  if (operation === null) return false;
  try {
    return required('CZLX', readOperationCode('CZLX', ['1', '2', '3'], operation)) === '3';
  } catch (error) {
    throw error instanceof Rejection ? new Rejection(error.field, error.reason, sourceId) : error;
  }
}
