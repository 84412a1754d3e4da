/** Days of the town. */

const aheadMs = 8 * 3_600_000;

/** The day in Asia/Shanghai, `2026-11-23`. There has been no summer time since 1991. */
export const townDay = (now: Date): string => new Date(now.getTime() + aheadMs).toISOString().slice(0, 10);
