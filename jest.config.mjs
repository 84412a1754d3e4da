export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/adapters/**/*.test.ts'],
  // A package of its own, whose dependencies are none of the hub's; and the build, which repeats the sources.
  modulePathIgnorePatterns: ['<rootDir>/test/load/peers/', '<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { swcrc: true }] },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // Most of a test's time is somebody else's: PostgreSQL's, a pretend system's, a timer's.
  maxWorkers: 3,
  // Ends what hangs; how fast a machine is decides no test.
  testTimeout: 300_000,
};
