/**
 * The seed of everything random in a test. The gate always uses the same one, so a red gate is the change's fault; campaigns
 * (`npm run campaign`) search with others, and print the one that found something.
 */
export const testSeed = Number(process.env.TEST_SEED ?? 20_261_128);
