/** From one row of the exchange log to the statement of its record: each row is one record. */
import {
  Approval,
  CaseClosing,
  CaseReport,
  put,
  type RecordKind,
  Rejection,
  readText,
  remove,
  type Statement,
} from '../kit/index.ts';
import { type ExchangeTable, type Native, type Row, readOperation, readSource } from './exchange-row.ts';
import { restateAccept, restateProcess, restateResult, restateSpecialProcedure } from './map-case.ts';
import { restateHomestead, restateParcel, restateQuota, restateRight } from './map-property.ts';
import { HomesteadApproval, Parcel, QuotaEntry, Right } from './records.ts';

interface Restatement {
  readonly kind: RecordKind;
  stated(row: Row): Statement;
}
/** Joins a kind with the function that restates a row as it; the compiler checks that they fit. */
const as = <K extends RecordKind>(kind: K, restate: (row: Row) => Parameters<typeof put<K>>[2]): Restatement => ({
  kind,
  stated: row => put(kind, readSource(row), restate(row)),
});

const restatements: Readonly<Record<ExchangeTable, Restatement>> = {
  zdjbxx: as(Parcel, restateParcel),
  bdcdj: as(Right, restateRight),
  zjdsp: as(HomesteadApproval, restateHomestead),
  ydzb: as(QuotaEntry, restateQuota),
  up_pro_accept: as(CaseReport, restateAccept),
  up_pro_process: as(Approval, restateProcess),
  up_pro_special_procedure: as(Approval, restateSpecialProcedure),
  up_pro_result: as(CaseClosing, restateResult),
};

/** A row that deletes may hold nothing but its row_guid, so nothing else of it is read. */
export function map({ table, row }: Native): readonly Statement[] {
  const { kind, stated } = restatements[table];
  try {
    return [readOperation(row) === 'D' ? remove(kind, readSource(row)) : stated(row)];
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    throw new Rejection(error.field, error.reason, error.sourceId ?? readText(row.row_guid) ?? undefined);
  }
}
