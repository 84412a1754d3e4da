/** One pretend agency system in a process of its own; it does what its parent says and ends when its parent does. */
import { makeTownship } from '../township/township.ts';
import type { StartOptions, StartSystem } from './pretend-system.ts';
import type { Answer, Order, SystemSetup } from './system-process.ts';

const setup = JSON.parse(process.argv[2] ?? '{}') as SystemSetup;
const { default: start } = (await import(`./${setup.agency}/system.ts`)) as { default: StartSystem };
const options: StartOptions = {
  town: makeTownship({ population: setup.population, seed: setup.seed }),
  seed: setup.seed,
  port: setup.port,
  postgresUrl: process.env.PRETEND_POSTGRES_URL,
};
const system = await start(options);

let living: NodeJS.Timeout | null = null;
/** Runs one step after another, each when the previous one is done. */
function live(everyMs: number): void {
  living = setTimeout(() => {
    system
      .step()
      .catch(() => {})
      .finally(() => live(everyMs));
  }, everyMs);
}

if (setup.liveEveryMs) live(setup.liveEveryMs);

const obey: { [O in Order['do']]: (order: Extract<Order, { do: O }>) => Promise<unknown> } = {
  describe: async () => ({ environment: system.environment }),
  ledger: async () => system.ledger(),
  touch: () => system.touch(),
  step: () => system.step(),
  deliver: async ({ hubUrl }) => system.deliverTo?.(hubUrl),
  drained: async () => system.drained?.(),
  outage: async ({ outage }) => system.setOutage(outage),
  live: async ({ everyMs }) => live(everyMs),
};

process.on('message', async ({ id, order }: { id: number; order: Order }) => {
  let answer: Answer;
  try {
    answer = { id, result: await obey[order.do](order as never) };
  } catch (error) {
    answer = { id, failure: (error as Error).message };
  }
  if (process.connected) process.send!(answer);
});

let ending = false;
const end = async () => {
  if (ending) return;
  ending = true;
  if (living) clearTimeout(living);
  await system.stop().catch(() => {});
  process.exit(0);
};
process.on('disconnect', end);
process.on('SIGTERM', end);
// Ctrl-C reaches the whole group; the parent decides when to end.
process.on('SIGINT', () => {});
process.send?.({ id: 0, result: 'ready' } satisfies Answer);
