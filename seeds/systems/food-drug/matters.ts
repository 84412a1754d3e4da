/** What can be applied for at the food and drug outpost, from the town's reference data. */
import { readReference } from '../../reference/read-reference.ts';
import type { StoryMatter } from '../../township/case-story.ts';

const STEPS = ['受理', '审核', '决定'];
const STEPS_WITH_VISIT = ['受理', '现场核查', '审核', '决定'];

export interface Officer {
  readonly name: string;
  readonly certificateNo: string | null;
}

/** Matters in force, and the officers who may inspect. */
export function readOutpost(): { readonly matters: readonly StoryMatter[]; readonly officers: readonly Officer[] } {
  const { Matter, Officer } = readReference();
  const matters = Matter.filter(({ agencyCode, state }) => agencyCode === 'food-drug' && state === 'IN_FORCE');
  return {
    matters: matters.map(({ code, edition, title, servedSubject, promisedDays }) => ({
      code: code!,
      edition: Number(edition),
      name: title!,
      for: servedSubject === 'NATURAL_PERSON' ? 'PERSON' : 'BUSINESS',
      promisedDays: Number(promisedDays),
      steps: Number(promisedDays) >= 5 ? STEPS_WITH_VISIT : STEPS,
    })),
    officers: Officer.filter(({ outpostCode }) => outpostCode === 'fangsi-food-drug').map(
      ({ name, certificateNo }) => ({ name: name!, certificateNo: certificateNo ?? null }),
    ),
  };
}
