import { z } from 'zod';
import type { Adapter } from '../../adapters/kit/contract.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';

/**
 * The real adapters without agencies behind them: a hub knows all their kinds, and the test decides what they state.
 */
export async function silentAdapters(): Promise<Adapter[]> {
  return (await findAdapters()).map(adapter => ({ ...adapter, settings: z.object({}), connect: () => ({}) }));
}
