/** Days of the town. */

import { townDayAt } from '../../adapters/kit/town-time.ts';

/** The day in the town, `2026-11-23`. */
export const townDay = (now: Date): string => townDayAt(now.getTime());
