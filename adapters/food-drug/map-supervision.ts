/** Rows of SPYP_RCJC (日常检查) and SPYP_CJ (抽检). */
import type { RecordOf } from '../kit/index.ts';
import { readBusinessId } from './business-id.ts';
import type { Columns } from './columns.ts';
import { normaliseLicenceNumber } from './licence-number.ts';
import { type Inspection, inspectionResult, type Sample, sampleResult } from './records.ts';

/** Written in one cell: `张三、李四`, `张三,李四`, `张三 李四`. */
const split = (names: string): readonly string[] => names.split(/[、,，;；/\s]+/).filter(name => name !== '');

export function readInspection(row: Columns): RecordOf<typeof Inspection> {
  const { creditCode, personId } = readBusinessId(row.identifier('TYSHXYDM'));
  const [first, second] = split(row.demandText('JCRY'));
  const licenceNo = row.word('XKZBH');
  return {
    taskNo: row.demandWord('RWBH'),
    objectName: row.demandText('BJCDWMC'),
    objectCreditCode: creditCode,
    operatorId: personId,
    licenceNo: licenceNo && normaliseLicenceNumber(licenceNo),
    objectAddress: row.text('JCDZ'),
    regionCode: row.region('XZQH'),
    firstInspectorName: first!,
    secondInspectorName: second ?? null,
    inspectorCertificates: row.word('ZFZH'),
    inspectedOn: row.demandDate('JCRQ'),
    items: row.text('JCXM'),
    result: row.demandCode('JCJG', inspectionResult, 'spyp'),
    rectifyBy: row.date('ZGQX'),
    penaltyCaseNo: row.word('CFAH'),
    dataVersion: row.demandCount('DATAVER'),
  };
}

export function readSample(row: Columns): RecordOf<typeof Sample> {
  const { creditCode, personId } = readBusinessId(row.identifier('TYSHXYDM'));
  return {
    sampleNo: row.demandWord('CYDBH'),
    product: row.demandText('YPMC'),
    batch: row.word('SCPH'),
    sampledName: row.demandText('BCYDWMC'),
    sampledCreditCode: creditCode,
    operatorId: personId,
    regionCode: row.region('XZQH'),
    sampledOn: row.demandDate('CYRQ'),
    result: row.demandCode('JYJG', sampleResult, 'spyp'),
    unqualifiedItem: row.text('BHGXM'),
    penaltyCaseNo: row.word('CFAH'),
    dataVersion: row.demandCount('DATAVER'),
  };
}
