/** Regions with their succession, halls and windows. */
import { about, code, codeTable, date, defineRecord, region, text } from '../../../adapters/kit/record.ts';

const regionLevel = codeTable(
  'RegionLevel',
  { en: 'Level of a region', zh: '区划级别' },
  {
    PROVINCE: { en: 'Province', zh: '省' },
    CITY: { en: 'Prefecture-level city', zh: '地级市' },
    COUNTY: { en: 'County or county-level city', zh: '县级' },
    TOWN: { en: 'Town', zh: '镇' },
    VILLAGE: { en: 'Village', zh: '村' },
    COMMUNITY: { en: 'New community', zh: '社区' },
  },
);

export const Region = defineRecord('Region', {
  title: { en: 'Region: town, village or new community, with its succession', zh: '行政区划' },
  key: ['code'],
  open: true,
  about: {
    parent: region('parentCode', { inverse: 'children' }),
    successor: region('successorCode', { inverse: 'predecessors' }),
  },
  fields: {
    code: text({ en: 'Code, 12 digits', zh: '区划代码' }),
    name: text({ zh: '名称', searched: true }),
    level: code({ zh: '级别', table: regionLevel }),
    parentCode: text({ zh: '上级区划', optional: true }),
    validFrom: date({ zh: '设立日期', optional: true }),
    validTo: date({ zh: '撤销日期', optional: true }),
    successorCode: text({ en: 'Community into which it was merged', zh: '并入社区', optional: true }),
  },
});

const hallKind = codeTable(
  'HallKind',
  { en: 'Kind of hall', zh: '大厅类型' },
  {
    CONVENIENCE: { en: 'Convenience services', zh: '便民服务大厅' },
    COMPREHENSIVE: { en: 'Comprehensive services', zh: '综合服务大厅' },
    ENFORCEMENT: { en: 'Administrative enforcement', zh: '行政执法大厅' },
  },
);

export const Hall = defineRecord('Hall', {
  title: { en: 'Hall', zh: '服务大厅' },
  key: ['code'],
  open: true,
  about: { region: region('regionCode') },
  fields: {
    code: text({ zh: '大厅代码' }),
    name: text({ zh: '名称' }),
    kind: code({ zh: '类型', table: hallKind }),
    regionCode: text({ zh: '区划代码', optional: true }),
    address: text({ zh: '地址', optional: true }),
  },
});

export const Window = defineRecord('Window', {
  title: { en: 'Window of a hall', zh: '窗口' },
  key: ['code'],
  open: true,
  about: { hall: about('Hall')('hallCode'), outpost: about('Outpost')('outpostCode') },
  fields: {
    code: text({ zh: '窗口代码' }),
    hallCode: text({ zh: '大厅代码' }),
    number: text({ zh: '窗口号' }),
    name: text({ zh: '名称' }),
    outpostCode: text({ en: 'Outpost; empty where one window accepts for all', zh: '派驻机构', optional: true }),
    openingHours: text({ zh: '服务时间', optional: true }),
  },
});
