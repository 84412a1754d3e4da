/**
 * npm run hub -- policy: a dry run of a policy change. The stored operations run for sample readers under the old and
 * the new rules; what is gained and lost is printed by ids and names of fields. Agencies are not asked.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EndedSessions } from '../access/ended-sessions.ts';
import { policyVersion } from '../access/policy.ts';
import { rules as current, type Rules } from '../access/rules.ts';
import { SharingGrants } from '../access/sharing.ts';
import type { StoredOperation } from '../api/admission/stored-operations.ts';
import { type DryRunOperation, type DryRunParts, dryRun } from '../api/dry-run/dry-run.ts';
import { dryRunSample } from '../api/dry-run/dry-run-sample.ts';
import type { Hub } from '../api/request/context.ts';
import { makeSchema } from '../api/schema/schema.ts';
import { ConfigError } from '../config.ts';
import { Cursors } from '../feed/cursors.ts';
import type { OpenStore } from '../hub/open-store.ts';
import { Batches } from '../query/batches.ts';
import { ReadPlaces, unboundedPlaces } from '../query/read-places.ts';
import type { Snapshots } from '../store/snapshots.ts';
import { type Command, readWords, UsageError } from './command.ts';
import { noted, reasonFlag } from './operator.ts';
import { differenceOf } from './policy-diff.ts';
import { latestChanges, type SampleReader, sampleReaders, sampleVariables, type Town } from './policy-samples.ts';
import { RulesError, readRules } from './read-rules.ts';

const changesLookedAt = 200;
const statementTimeoutMs = 30_000;
const maxRows = 100_000;
const maxBytes = 100_000_000;
const operationsFile = path.resolve(import.meta.dirname, '../../schema/operations.json');

export const policy: Command = async ([what, ...args], open) => {
  if (what === 'rules' && !args.length) {
    console.log(JSON.stringify(current, null, 2));
    return 0;
  }
  if (what !== 'diff') throw new UsageError('`policy` takes rules, or diff with files of rules');
  const { values } = readWords(args, { from: { type: 'string' }, to: { type: 'string' }, ...reasonFlag });
  if (!values.from && !values.to) throw new UsageError('A file of rules is missing');
  const [from, to] = [rulesOf(values.from), rulesOf(values.to)];
  const opened = await open();
  const about = { from: policyVersion(from), to: policyVersion(to) };
  const act = { act: 'command', command: 'policy diff', role: 'security-admin', reason: values.reason, about } as const;
  return noted(act, () => diff(from, to, opened));
};

/** Without a file, the rules of the code are used. */
function rulesOf(file: string | undefined): Rules {
  if (!file) return current;
  try {
    return readRules(readFileSync(file, 'utf8'), current);
  } catch (error) {
    const says = error instanceof RulesError ? error.message : 'it cannot be read';
    throw new ConfigError(`${file} should hold rules of access as \`policy rules\` prints them. ${says}`);
  }
}

async function diff(from: Rules, to: Rules, opened: OpenStore): Promise<number> {
  console.error(`policy ${policyVersion(from)} -> ${policyVersion(to)}`);
  const snapshots = opened.database.snapshots({ connections: 2, statementTimeoutMs, bytes: maxBytes, prepared: 100 });
  try {
    return await compareAll(from, to, await openDryRun(opened, snapshots));
  } finally {
    await snapshots.close();
  }
}

async function compareAll(from: Rules, to: Rules, { parts, town }: DryRunSetup): Promise<number> {
  const operations = await sampledOperations(town);
  const concerned = (await sampleReaders(town)).filter(
    ({ principal: { role } }) => !isDeepStrictEqual(from[role], to[role]),
  );
  let differences = 0;
  for (const reader of concerned) {
    for (const [name, list] of operations) differences += await compare(parts, [from, to], reader, name, list);
  }
  console.error(
    `${differences} differences for ${concerned.length} sample readers of roles whose rules change, in ${operations.size} stored operations`,
  );
  return 0;
}

async function compare(
  parts: DryRunParts,
  [from, to]: readonly [Rules, Rules],
  { name, principal }: SampleReader,
  operation: string,
  operations: readonly DryRunOperation[],
): Promise<number> {
  const [before, after] = [
    await dryRun(parts, from, principal, operations),
    await dryRun(parts, to, principal, operations),
  ];
  const lines = differenceOf(before, after);
  if (lines.length) console.log([`${name} · ${operation}`, ...lines].join('\n  '));
  return lines.length;
}

type DryRunSetup = Awaited<ReturnType<typeof openDryRun>>;
async function openDryRun(opened: OpenStore, snapshots: Snapshots) {
  const { catalog, adapters, database, store, log, town: host } = opened;
  const { read } = database;
  const sharing = new SharingGrants(read, () => {});
  await sharing.refresh();
  const grants = sharing.current();
  const notHere = () => {
    throw new Error('A dry run neither writes nor subscribes');
  };
  const hub = {
    ...{ catalog, read, town: host },
    identity: store.identity,
    batches: new Batches(snapshots, { plans: 64, rows: maxRows }, new ReadPlaces(unboundedPlaces)),
    lookup: async (_kind, keys) => keys.map(() => []),
    freshness: async () => new Map(),
    grants: () => grants,
    budgetFactor: 1,
    testedPersons: maxRows,
    exports: { issue: notHere },
    unmasking: { of: () => [], grant: notHere },
    cursors: new Cursors('of a dry run'),
    streams: { reads: () => read, atOneMoment: notHere },
    ended: new EndedSessions(0),
    endSession: notHere,
    // The purposes of sample readers hold by definition: the dry run does not check them.
    purposes: { checked: async (_reader, stated) => ({ purpose: stated, purposeProblem: null }) },
    hasSealingOrder: notHere,
    orderSealing: notHere,
  } satisfies Omit<Hub, 'tail' | 'audit'>;
  const changes = await latestChanges(read, changesLookedAt);
  // The dry run is an entry as a whole; what is refused to its sample readers is its result.
  const silent = { ...hub, audit: { refusals: { note: () => {} } } } as unknown as Hub;
  const parts = { schema: makeSchema(catalog, adapters), hub: silent, changes, log };
  return { parts, town: { read, catalog, host, grants } };
}

/**
 * The stored operations with variables for each; operations that write, or for which no variables are found, are left
 * out and named.
 */
async function sampledOperations(town: Town): Promise<Map<string, DryRunOperation[]>> {
  const stored = JSON.parse(readFileSync(operationsFile, 'utf8')) as readonly StoredOperation[];
  const operations = new Map<string, DryRunOperation[]>();
  for (const { name, text } of stored) {
    const { document, writes, keys } = dryRunSample(town.catalog, text);
    const variables = keys && !writes ? await sampleVariables(town, keys) : null;
    if (variables) {
      operations.set(
        name,
        variables.map(given => ({ document, variables: given })),
      );
    } else console.error(`${name} was not run: ${writes ? 'it writes' : 'it needs variables that are not keys'}`);
  }
  return operations;
}
