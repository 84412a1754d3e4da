import { z } from 'zod';
import { Approval, CaseClosing, CaseReport, defineAdapter, Licence, setting } from '../kit/index.ts';
import { map } from './map.ts';
import { Inspection, Sample } from './records.ts';
import { connect } from './source.ts';

const TOLERANCE = 'how many seconds a signature may be old or ahead, 1 to 3600';

/** 食药所: pushes its rows as signed NDJSON, and answers queries about licences. */
export default defineAdapter({
  agency: {
    code: 'food-drug',
    title: { en: 'Food and drug outpost', zh: '食品药品监督管理所' },
    protocol: 'signed webhook with NDJSON of EA_JC_STEP_* rows, REST look-up',
  },
  version: '1',
  records: [Inspection, Sample],
  hallRecords: [CaseReport, Approval, CaseClosing, Licence],
  modes: ['push', 'lookup'],
  settings: z.object({
    secret: setting.secret('the secret shared with the food and drug outpost, 8 characters or more'),
    lookupUrl: setting.address('the address of its look-up service, as in https://10.0.0.5'),
    toleranceSeconds: z.coerce.number(`should be ${TOLERANCE}`).int().min(1).max(3600).default(300).describe(TOLERANCE),
  }),
  // This agency is never polled: it pushes its rows.
  pollEveryMs: 60_000,
  connect,
  map,
});
