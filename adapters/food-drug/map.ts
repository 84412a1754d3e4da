/** One event becomes one statement: which record it is about, its version, and its content. */
import {
  Approval,
  CaseClosing,
  CaseReport,
  Licence,
  put,
  type RecordKind,
  type RecordOf,
  Rejection,
  readOperationCode,
  remove,
  type Source,
  type Statement,
  versionOf,
} from '../kit/index.ts';
import { Columns } from './columns.ts';
import type { EaEvent } from './event.ts';
import { caseId, readBasicInfo, readDone, readProcess, readSpecialNode, specialId, stepId } from './map-case.ts';
import { readLicence } from './map-licence.ts';
import { readInspection, readSample } from './map-supervision.ts';
import { Inspection, Sample } from './records.ts';

interface Reading {
  idOf(row: Columns): string;
  state(source: Source, deleted: boolean, row: Columns): Statement;
}

const reading = <K extends RecordKind>(
  kind: K,
  idOf: (row: Columns) => string,
  read: (row: Columns) => RecordOf<K>,
): Reading => ({
  idOf,
  state: (source, deleted, row) =>
    deleted ? remove(kind, source, ifReadable(read, row)) : put(kind, source, read(row)),
});

/** A removal is accepted whatever the rest of its row looks like. */
function ifReadable<T>(read: (row: Columns) => T, row: Columns): T | null {
  try {
    return read(row);
  } catch (error) {
    if (error instanceof Rejection) return null;
    throw error;
  }
}

/** The table of licences; look-ups answer with its rows. */
export const LICENCE_TABLE = 'SPYP_XKZ';
const readings: ReadonlyMap<string, Reading> = new Map([
  ['EA_JC_STEP_BASICINFO', reading(CaseReport, caseId, readBasicInfo)],
  ['EA_JC_STEP_PROC', reading(Approval, stepId, readProcess)],
  ['EA_JC_STEP_SPECIALNODE', reading(Approval, specialId, readSpecialNode)],
  ['EA_JC_STEP_DONE', reading(CaseClosing, caseId, readDone)],
  [LICENCE_TABLE, reading(Licence, row => row.demandWord('XKZID'), readLicence)],
  ['SPYP_RCJC', reading(Inspection, row => row.demandWord('RWBH'), readInspection)],
  ['SPYP_CJ', reading(Sample, row => row.demandWord('CYDBH'), readSample)],
]);

/**
 * DATAVER counts the reports of a row. Within one, the row inserted later supersedes (by MAKETIME, not OCCURTIME:
 * events are often entered long after they happened), and its removal supersedes the row itself.
 */
function sourceOf(sourceId: string, row: Columns, deleted: boolean): Source {
  const madeAt = row.instant('MAKETIME');
  return {
    sourceId,
    version: versionOf(row.demandCount('DATAVER'), madeAt ?? '', deleted ? 1 : 0),
    asOf: row.instant('OCCURTIME') ?? madeAt,
  };
}

export function map({ table, operation, row: cells }: EaEvent): readonly Statement[] {
  const reading = readings.get(table);
  if (!reading) throw new Rejection('TABLE', 'is not a table of this agency');
  const row = new Columns(cells);
  const sourceId = reading.idOf(row);
  try {
    const isRemoval = readOperationCode('CD_OPERATION', ['I', 'U', 'D'], operation) === 'D';
    const deleted = isRemoval || row.word('VALIDITY_FLAG') === '0';
    return [reading.state(sourceOf(sourceId, row, deleted), deleted, row)];
  } catch (error) {
    if (error instanceof Rejection) throw new Rejection(error.field, error.reason, sourceId);
    throw error;
  }
}
