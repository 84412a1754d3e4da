/**
 * npm run demo [-- --once] [--population N] [--seed N]: a whole town on this machine. Without `--once` it runs until
 * Ctrl-C; with it the main job is done once and the exit code says whether every part succeeded.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readListenConfig } from '../config.ts';
import { demandFreePort } from '../hub/free-port.ts';
import { readWords, runAsProcess, UsageError } from './command.ts';
import { demoPurpose, runOnce } from './demo-once.ts';
import { synchronise } from './demo-progress.ts';
import { type DemoTown, startDemoTown } from './demo-town.ts';

const usage = 'npm run demo -- [--once] [--population 100..300000] [--seed N]';
/** For scripts, while the demo runs. */
const stateFile = path.resolve(import.meta.dirname, '../../.data/demo.json');
const stepEveryMs = 2_000;
const parentCheckMs = 500;

function readArguments(args: readonly string[]) {
  const { values } = readWords(args, {
    once: { type: 'boolean', default: false },
    population: { type: 'string', default: '30000' },
    seed: { type: 'string', default: '371482' },
  });
  const population = Number(values.population);
  const seed = Number(values.seed);
  if (!Number.isInteger(population) || population < 100 || population > 300_000)
    throw new UsageError('`--population` is a whole number from 100 to 300000');
  if (!Number.isInteger(seed)) throw new UsageError('`--seed` is a whole number');
  return { once: values.once, population, seed };
}

/** Reading a larger town may take longer in proportion. */
const timeoutMs = (population: number) => 120_000 + population * 10;

async function live(town: DemoTown, population: number): Promise<void> {
  await synchronise(town, timeoutMs(population));
  const { hub, tokens, issuer, systems } = town;
  tellScripts({ url: `${hub.url}/graphql`, pid: process.pid, issuer, tokens, purpose: demoPurpose });
  console.log(welcome(`${hub.url}/graphql`, tokens));
  for (const system of systems) await system.ask({ do: 'live', everyMs: stepEveryMs });
}

interface DemoState {
  readonly url: string;
  readonly pid: number;
  readonly issuer: string;
  readonly tokens: DemoTown['tokens'];
  /** One that the clerk may state. */
  readonly purpose: string;
}

/** Writes the file in one step: a script that waits for it never reads half of it. */
function tellScripts(state: DemoState): void {
  const draft = `${stateFile}.${process.pid}`;
  mkdirSync(path.dirname(stateFile), { recursive: true });
  writeFileSync(draft, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(draft, stateFile);
}

/** Removes only what this demo wrote: another one may be running. */
function forgetState(): void {
  try {
    if (JSON.parse(readFileSync(stateFile, 'utf8')).pid === process.pid) rmSync(stateFile);
  } catch {
    // there is none
  }
}

/**
 * Stops when the npm that started it has ended: npm passes SIGTERM on to its shell only, and the shell dies without a
 * signal to this process. The process then has another parent.
 */
function watchNpm(onGone: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    onGone();
  }, parentCheckMs);
  watch.unref();
}

const welcome = (url: string, tokens: DemoTown['tokens']) => `
The town is synchronised and goes on living. GraphiQL, HTTP and WebSocket: ${url}
Under "Headers" in GraphiQL: {"authorization": "Bearer <token>", "x-purpose": "${demoPurpose}"}. Without a purpose
persons are masked for everybody. Tokens (12 hours):

  clerk       ${tokens.clerk}
  analyst     ${tokens.analyst}
  integrator  ${tokens.integrator}

Three queries to paste:

  # 1. Where do the hall's open cases stand?
  { cases(where: { state: { in: [ACCEPTED, IN_REVIEW, PAUSED] } }, orderBy: [SUBMITTED_AT_DESC], first: 5) {
      totalCount nodes { caseNo state currentStep promisedOn matter { title } leadAgency { name } } } }

  # 2. On which organisations do agencies differ?
  { organisations(where: { name: { isNull: false } }, first: 20) {
      nodes { name conflicts { fact claims { agency value } } licences { nodes { number state } } } } }

  # 3. Watch the hall (a subscription)
  subscription { changes(kinds: ["Case", "Approval"]) { position agency caseNo kind node { id ... on Case { state currentStep } } } }

Ctrl-C ends everything.`;

async function main(args: readonly string[]): Promise<number> {
  const { once, population, seed } = readArguments(args);
  // Nobody connects from outside when it runs once, so any free port will do.
  if (once) process.env.HUB_PORT ??= '0';
  await demandFreePort(readListenConfig(process.env));
  console.log(
    `A town of ${population.toLocaleString('en')} residents: starting PostgreSQL, five agency systems and the hub ...`,
  );
  const town = await startDemoTown({ population, seed });
  let ending = false;
  const end = async (code: number) => {
    if (ending) return;
    ending = true;
    forgetState();
    await town.stop();
    process.exit(code);
  };
  process.on('SIGINT', () => end(130));
  process.on('SIGTERM', () => end(143));
  process.on('SIGHUP', () => end(129));
  watchNpm(() => end(143));
  try {
    if (!once) {
      await live(town, population);
      return 0;
    }
    await runOnce(town, timeoutMs(population));
    console.log(`\nEvery part happened, in ${((performance.now() - town.startedAt) / 1000).toFixed(1)} s.`);
    await end(0);
  } catch (error) {
    console.error(`\n${(error as Error).message}`);
    await end(1);
  }
  return 1;
}

await runAsProcess(usage, 'A whole town on this machine: five agency systems, an identity provider and the hub.', main);
