/** 国民经济行业分类, GB/T 4754-2017: a letter for the section (门类) and four digits for the class (小类). */
import { codeTable, type Title } from '../kit/index.ts';

const section = (letter: string, en: string, zh: string): Title & { codes: Record<string, string> } => ({
  en,
  zh,
  codes: { 'gbt4754-2017': letter },
});

export const industrySection = codeTable(
  'IndustrySection',
  { en: 'Section of industry', zh: '行业门类' },
  {
    AGRICULTURE: section('A', 'Agriculture, forestry, animal husbandry and fishery', '农、林、牧、渔业'),
    MINING: section('B', 'Mining', '采矿业'),
    MANUFACTURING: section('C', 'Manufacturing', '制造业'),
    UTILITIES: section('D', 'Electricity, heat, gas and water', '电力、热力、燃气及水生产和供应业'),
    CONSTRUCTION: section('E', 'Construction', '建筑业'),
    TRADE: section('F', 'Wholesale and retail', '批发和零售业'),
    TRANSPORT: section('G', 'Transport, storage and post', '交通运输、仓储和邮政业'),
    HOSPITALITY: section('H', 'Accommodation and catering', '住宿和餐饮业'),
    INFORMATION: section('I', 'Information and software', '信息传输、软件和信息技术服务业'),
    FINANCE: section('J', 'Finance', '金融业'),
    REAL_ESTATE: section('K', 'Real estate', '房地产业'),
    LEASING_AND_BUSINESS: section('L', 'Leasing and business services', '租赁和商务服务业'),
    RESEARCH: section('M', 'Research and technical services', '科学研究和技术服务业'),
    ENVIRONMENT: section('N', 'Water, environment and public facilities', '水利、环境和公共设施管理业'),
    RESIDENT_SERVICES: section('O', 'Resident services and repair', '居民服务、修理和其他服务业'),
    EDUCATION: section('P', 'Education', '教育'),
    HEALTH: section('Q', 'Health and social work', '卫生和社会工作'),
    CULTURE: section('R', 'Culture, sports and entertainment', '文化、体育和娱乐业'),
    ADMINISTRATION: section('S', 'Public administration and organisations', '公共管理、社会保障和社会组织'),
    INTERNATIONAL: section('T', 'International organisations', '国际组织'),
  },
);
export type IndustrySection = keyof typeof industrySection.values;

/** The last division (first two digits of the class) of each section, A to T. */
const LAST_DIVISION = [5, 12, 43, 46, 50, 52, 60, 62, 65, 69, 70, 72, 75, 79, 82, 83, 85, 90, 96, 97];

/** The section that a class belongs to; null for digits that no section holds. */
export function findSectionOfClass(industryClass: string): IndustrySection | null {
  const division = /^\d{2,4}$/.test(industryClass) ? Number(industryClass.slice(0, 2)) : 0;
  const at = division < 1 ? -1 : LAST_DIVISION.findIndex(last => division <= last);
  return (Object.keys(industrySection.values) as IndustrySection[])[at] ?? null;
}
