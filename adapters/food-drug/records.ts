/**
 * What the food and drug outpost knows beside cases and licences: daily inspections, and samples that it had tested.
 */
import { creditCode } from '../kit/identifiers/credit-code.ts';
import {
  code,
  codeTable,
  date,
  defineRecord,
  identityNumber,
  integer,
  issuedNumber,
  organisation,
  person,
  publishedBusiness,
  region,
  tableWord,
  text,
} from '../kit/index.ts';

export const inspectionResult = codeTable(
  'InspectionResult',
  { en: 'Result of an inspection', zh: '检查结果' },
  {
    COMPLIANT: { en: 'Compliant', zh: '符合', codes: { spyp: ['1', '符合'] } },
    MOSTLY_COMPLIANT: { en: 'Mostly compliant', zh: '基本符合', codes: { spyp: ['2', '基本符合'] } },
    NOT_COMPLIANT: { en: 'Not compliant', zh: '不符合', codes: { spyp: ['3', '不符合', '不合格'] } },
  },
);

export const sampleResult = codeTable(
  'SampleResult',
  { en: 'Result of testing a sample', zh: '抽检结果' },
  {
    QUALIFIED: { en: 'Qualified', zh: '合格', codes: { spyp: ['1', '合格'] } },
    UNQUALIFIED: { en: 'Unqualified', zh: '不合格', codes: { spyp: ['0', '不合格'] } },
  },
);

export const Inspection = defineRecord('Inspection', {
  title: { en: 'Daily inspection of a food or drug business', zh: '日常检查' },
  key: ['taskNo'],
  about: {
    object: organisation('objectCreditCode', {
      inverse: 'inspections',
      states: { name: 'objectName', address: 'objectAddress' },
    }),
    operator: person('operatorId'),
    region: region('regionCode'),
  },
  fields: {
    taskNo: text({ en: 'Task number', zh: '任务编号', searched: true, ...issuedNumber }),
    objectName: text({ en: 'Business inspected', zh: '被检查单位', searched: true, ...publishedBusiness }),
    objectCreditCode: text({ zh: '被检查单位统一社会信用代码', format: creditCode, optional: true }),
    /** Sources write the sole trader's own id where there is no credit code. */
    operatorId: text({
      en: "Sole trader's resident id",
      zh: '经营者公民身份号码',
      ...identityNumber,
      optional: true,
    }),
    /** As quoted: often a number from before 2016 (鲁餐证字…, SP…) that has since been replaced. */
    licenceNo: text({ en: 'Licence number as quoted', zh: '许可证编号', optional: true, ...issuedNumber }),
    objectAddress: text({
      en: 'Address found by the inspectors',
      zh: '检查地址',
      optional: true,
      ...publishedBusiness,
    }),
    regionCode: text({ zh: '区划代码', optional: true, ...tableWord }),
    firstInspectorName: text({ zh: '检查人员一', sensitivity: 'personal', mask: 'name' }),
    secondInspectorName: text({ zh: '检查人员二', optional: true, sensitivity: 'personal', mask: 'name' }),
    inspectorCertificates: text({
      en: 'Enforcement certificates of the inspectors',
      zh: '执法证号',
      optional: true,
      sensitivity: 'personal',
    }),
    inspectedOn: date({ zh: '检查日期' }),
    items: text({ en: 'Items inspected', zh: '检查项目', optional: true, sensitivity: 'personal' }),
    result: code({ zh: '检查结果', table: inspectionResult }),
    rectifyBy: date({ en: 'To be put right by', zh: '整改期限', optional: true }),
    /** Written by hand at the source, so it may name no case. */
    penaltyCaseNo: text({ zh: '行政处罚案号', optional: true, sensitivity: 'personal' }),
    dataVersion: integer({ zh: '数据版本' }),
  },
});

/** What the laboratory writes on its report. */
const ofSample = { sensitivity: 'public', why: 'It names goods or what they were tested for.' } as const;

export const Sample = defineRecord('Sample', {
  title: { en: 'Sample taken for testing', zh: '抽检' },
  key: ['sampleNo'],
  about: {
    sampledAt: organisation('sampledCreditCode', { inverse: 'samples', states: { name: 'sampledName' } }),
    operator: person('operatorId'),
    region: region('regionCode'),
  },
  fields: {
    sampleNo: text({ en: 'Sample number', zh: '抽样单编号', searched: true, ...issuedNumber }),
    product: text({ zh: '样品名称', searched: true, ...ofSample }),
    batch: text({ zh: '生产批号', optional: true, ...issuedNumber }),
    sampledName: text({ en: 'Business where it was taken', zh: '被抽样单位', ...publishedBusiness }),
    sampledCreditCode: text({ zh: '被抽样单位统一社会信用代码', format: creditCode, optional: true }),
    operatorId: text({
      en: "Sole trader's resident id",
      zh: '经营者公民身份号码',
      ...identityNumber,
      optional: true,
    }),
    regionCode: text({ zh: '区划代码', optional: true, ...tableWord }),
    sampledOn: date({ zh: '抽样日期' }),
    result: code({ zh: '抽检结果', table: sampleResult }),
    unqualifiedItem: text({ zh: '不合格项目', optional: true, ...ofSample }),
    penaltyCaseNo: text({ zh: '行政处罚案号', optional: true, sensitivity: 'personal' }),
    dataVersion: integer({ zh: '数据版本' }),
  },
});
