/** Matters (事项) that the market supervision outpost handles in the hall. */
import type { StoryMatter } from '../../township/case-story.ts';

export const COMMERCE_MATTERS: readonly StoryMatter[] = [
  {
    code: 'COM-001',
    edition: 1,
    name: '个体工商户设立登记',
    for: 'PERSON',
    promisedDays: 1,
    steps: ['受理', '审查', '核准'],
  },
  {
    code: 'COM-002',
    edition: 1,
    name: '企业设立登记',
    for: 'PERSON',
    promisedDays: 3,
    steps: ['受理', '审查', '核准', '发照'],
  },
  { code: 'COM-003', edition: 2, name: '变更登记', for: 'BUSINESS', promisedDays: 3, steps: ['受理', '审查', '核准'] },
  {
    code: 'COM-004',
    edition: 1,
    name: '注销登记',
    for: 'BUSINESS',
    promisedDays: 3,
    steps: ['受理', '清税核对', '核准'],
  },
  { code: 'COM-005', edition: 1, name: '企业名称自主申报', for: 'PERSON', promisedDays: 1, steps: ['受理', '确认'] },
  {
    code: 'COM-006',
    edition: 1,
    name: '移出经营异常名录',
    for: 'BUSINESS',
    promisedDays: 5,
    steps: ['受理', '核查', '决定'],
  },
];
