/** What can be applied for at the land outpost, from the town's list of matters, with the steps of each. */
import { readReference } from '../../reference/read-reference.ts';
import type { StoryMatter } from '../../township/case-story.ts';

const STEPS: Readonly<Record<string, readonly string[]>> = {
  ZJD: ['受理', '实地勘察', '审查', '审批'],
  BDC: ['受理', '审核', '登簿'],
  GH: ['受理', '审查', '审批'],
};
const OTHERS = ['受理', '审查', '决定'];
const AT_ONCE = ['受理', '办结'];

export function landMatters(): StoryMatter[] {
  const rows = readReference().Matter.filter(row => row.agencyCode === 'land' && row.state === 'IN_FORCE');
  return rows.flatMap(row => {
    const steps = row.handling === 'IMMEDIATE' ? AT_ONCE : (STEPS[row.code!.split('-')[1]!] ?? OTHERS);
    const matter = {
      code: row.code!,
      edition: Number(row.edition),
      name: row.title!,
      promisedDays: Number(row.promisedDays),
      steps,
    };
    const forPeople: StoryMatter = { ...matter, for: 'PERSON' };
    if (row.servedSubject === 'NATURAL_PERSON') return [forPeople];
    return [forPeople, forPeople, { ...matter, for: 'BUSINESS' }];
  });
}
