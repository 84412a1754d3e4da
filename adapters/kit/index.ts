/** All that an adapter's folder needs, in one import. */
export * from './contract.ts';
export * from './format.ts';
export * from './hall-kinds.ts';
export * from './reading.ts';
export * from './record.ts';
export * as setting from './settings.ts';
export * from './statement.ts';
