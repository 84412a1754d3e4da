/**
 * The whole main job, unattended: everything is synchronised and counted, two queries are answered, five updates are
 * seen.
 */
import type { Ledger, Touched } from '../../seeds/systems/pretend-system.ts';
import { type Synchronised, synchronise } from './demo-progress.ts';
import type { DemoTown } from './demo-town.ts';
import { HallClient, type Inbox } from './hall-client.ts';

/** A part of the main job did not happen. */
class PartFailed extends Error {
  override readonly name = 'PartFailed';
}
const updateTimeoutMs = 15_000;
/** A purpose from the town's register of tasks. */
export const demoPurpose = 'task:review';

export async function runOnce(town: DemoTown, timeoutMs: number): Promise<void> {
  const rows = await synchronise(town, timeoutMs);
  await compareWithLedgers(town);
  const clerk = new HallClient(town.hub.url, town.tokens.clerk, demoPurpose);
  await askAboutPerson(town, clerk);
  await askAboutOrganisation(town, clerk);
  const latencies = await seeUpdates(town, clerk);
  printTable(rows, latencies);
}

/** The hub must hold exactly what the systems say that they sent. */
async function compareWithLedgers({ hub, systems }: DemoTown): Promise<void> {
  const stored = await countStored(hub.store.database.read, hub.store.catalog.all());
  const freshness = await hub.health.list();
  for (const system of systems) {
    const ledger: Ledger = await system.ledger();
    const problems: string[] = [];
    for (const [deleted, counts] of [
      ['', ledger.records],
      [' deleted', ledger.deleted],
    ] as const) {
      for (const [kind, expected] of Object.entries(counts)) {
        const found = stored.get(`${system.agency} ${kind}${deleted}`) ?? 0;
        if (found !== expected) problems.push(`${kind}${deleted}: ${found} instead of ${expected}`);
      }
    }
    const parked = freshness.get(system.agency)?.parked ?? 0;
    if (parked !== ledger.parked) problems.push(`parked: ${parked} instead of ${ledger.parked}`);
    if (problems.length)
      throw new PartFailed(`The hub's records of ${system.agency} differ from what it told: ${problems.join('; ')}`);
  }
}

type Read = DemoTown['hub']['store']['database']['read'];
async function countStored(read: Read, nouns: readonly { name: string; table: string; origin: string }[]) {
  const selects = nouns
    .filter(noun => noun.origin === 'agency' || noun.origin === 'hall')
    .map(
      noun =>
        `select agency, '${noun.name}' || case when deleted then ' deleted' else '' end as kind, count(*) from ${noun.table} group by 1, 2`,
    );
  const rows = await read(selects.join(' union all '), []);
  return new Map(rows.map(([agency, kind, count]) => [`${agency} ${kind}`, Number(count)]));
}

/** Somebody about whom most agencies have records. The demo may read the tables to choose; the query may not. */
async function wellKnown({ hub }: DemoTown, table: string, key: string): Promise<string> {
  const rows = await hub.store.database.read(
    `select n.${key} from ${table} n join (select about_id, count(distinct agency) as agencies from ${table}_claim group by about_id) c
       on c.about_id = n.id order by c.agencies desc, n.${key} limit 1`,
    [],
  );
  return rows[0]![0]!;
}

export const personQuestion = `query Person($id: String!) {
  person(residentId: $id) {
    name birthDate address
    residents { name address source { agency } }
    records(first: 100) { __typename source { agency } }
    cases { totalCount nodes { caseNo state matter { title } approvals { nodes { name state } } } }
    conflicts { fact claims { value agency } }
  }
}`;
async function askAboutPerson(town: DemoTown, clerk: HallClient): Promise<void> {
  const id = await wellKnown(town, 'hub_person', 'resident_id');
  const { data, errors } = await clerk.ask(personQuestion, { id });
  const person = data?.person;
  if (errors || !person) throw new PartFailed(`The question about a person failed: ${errors?.[0]?.message}`);
  const agencies = new Set<string>(person.records.map((r: { source: { agency: string } }) => r.source.agency));
  for (const { source } of person.residents) agencies.add(source.agency);
  if (agencies.size < 3) throw new PartFailed(`Only ${[...agencies].join(', ')} answered the question about a person`);
  if (!agencies.has('police'))
    throw new PartFailed('The police did not answer the live part of the question about a person');
  console.log(
    `\nOne person: ${person.records.length} records, ${person.cases.totalCount} cases, ${person.conflicts.length} conflicts; agencies that answered: ${[...agencies].sort().join(', ')}`,
  );
}

export const organisationQuestion = `query Organisation($code: String!) {
  organisation(creditCode: $code) {
    name
    marketEntities { nodes { name source { agency } } }
    licences { nodes { number state validUntil source { agency } } }
    records(first: 100) { __typename source { agency } }
    conflicts { fact claims { value agency } }
  }
}`;
async function askAboutOrganisation(town: DemoTown, clerk: HallClient): Promise<void> {
  const code = await wellKnown(town, 'hub_organisation', 'credit_code');
  const { data, errors } = await clerk.ask(organisationQuestion, { code });
  const organisation = data?.organisation;
  if (errors || !organisation)
    throw new PartFailed(`The question about an organisation failed: ${errors?.[0]?.message}`);
  const agencies = new Set<string>(organisation.records.map((r: { source: { agency: string } }) => r.source.agency));
  if (agencies.size < 2)
    throw new PartFailed(`Only ${[...agencies].join(', ')} answered the question about an organisation`);
  console.log(
    `One organisation: ${organisation.records.length} records, ${organisation.conflicts.length} conflicts; agencies that answered: ${[...agencies].sort().join(', ')}`,
  );
}

/** Makes one update in each agency's system and waits for it on a subscription; milliseconds from its publication. */
async function seeUpdates(town: DemoTown, clerk: HallClient): Promise<Map<string, number>> {
  const inbox = await clerk.subscribe('subscription { changes { kind agency caseNo node { id } } }');
  const latencies = new Map<string, number>();
  try {
    for (const system of town.systems) {
      const touched = await system.touch();
      const from = performance.now();
      await seen(town, inbox, system.agency, touched);
      latencies.set(system.agency, performance.now() - from);
    }
  } finally {
    await inbox.close();
  }
  return latencies;
}

async function seen({ hub }: DemoTown, inbox: Inbox, agency: string, touched: Touched): Promise<void> {
  const id = `${touched.kind}:${hub.store.identity.ofRecord(touched.kind, agency, touched.sourceId)}`;
  const killTimer = setTimeout(
    () => inbox.fail(new PartFailed(`The update of ${agency} was not seen`)),
    updateTimeoutMs,
  );
  await inbox
    .nextWhere(({ data, errors }) => {
      if (errors) throw new PartFailed(`The subscription failed: ${errors[0]!.message}`);
      return data.changes.node?.id === id && data.changes.caseNo === touched.caseNo;
    })
    .finally(() => clearTimeout(killTimer));
}

function printTable(rows: readonly Synchronised[], latencies: ReadonlyMap<string, number>): void {
  const columns = ['agency', 'protocol', 'records read', 'parked', 'seconds', 'records/s', 'update seen after'];
  const cells = rows.map(({ agency, protocol, read, parked, seconds }) => [
    agency,
    protocol,
    read.toLocaleString('en'),
    String(parked),
    seconds.toFixed(1),
    Math.round(read / seconds).toLocaleString('en'),
    `${Math.round(latencies.get(agency)!)} ms`,
  ]);
  const widths = columns.map((name, i) => Math.max(name.length, ...cells.map(row => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  console.log(`\n${line(columns)}\n${widths.map(n => '-'.repeat(n)).join('  ')}\n${cells.map(line).join('\n')}`);
}
