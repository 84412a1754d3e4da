/** One hub with five agencies and every reader, and how they send requests; the ways of the walk are built on this. */
import fs from 'node:fs';
import { jest } from '@jest/globals';
import { parse } from 'graphql';
import type { Township } from '../../../seeds/township/model.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import type { PolicyGround } from '../../../src/access/policy.ts';
import { SharingGrants } from '../../../src/access/sharing.ts';
import { makeSchema } from '../../../src/api/schema/schema.ts';
import type { StoredNoun } from '../../../src/catalog/catalog.ts';
import { listenToRoutes } from '../listen-to-routes.ts';
import { startTestHub, type TestHub } from '../test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../token-issuer.ts';
import { readTown } from '../town-in-memory.ts';
import { dispute, fillFields } from './filled-fields.ts';
import { Judge } from './judge.ts';
import { LogTail } from './log-tail.ts';
import { makeReaders, type Reader, type Stated } from './readers.ts';
import { Selections } from './selections.ts';
import type { Json } from './told-cells.ts';
import { TownTruth } from './town-truth.ts';
import { TownWords } from './town-words.ts';
import { closeConnections, type Watched, Watcher } from './watched-request.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
const [population, seed] = [400, 3];
/** Refusals that a query of the walk may get. */
export const refusals = new Set([
  'FORBIDDEN',
  'FILTER_FORBIDDEN',
  'LIMIT_EXCEEDED',
  'AGENCY_UNAVAILABLE',
  'AGENCY_REFUSED',
]);

export interface Question {
  readonly way: string;
  readonly text: string;
  readonly variables?: Json;
  /** The answer may also be that the query is invalid. */
  readonly mayBeWrong?: boolean;
  /** The persons whom each root field looks for, according to the town's rows. */
  readonly sought?: Readonly<Record<string, readonly string[]>>;
}
export interface Answered {
  readonly data: Json;
  readonly codes: readonly unknown[];
  readonly watched: Watched;
}

interface Listening {
  readonly routes: ReturnType<typeof listenToRoutes>;
  readonly lines: ReturnType<typeof listenToLog>;
}

export class Walk {
  readonly random = makeRandom(seed, 'every way out');
  readonly watcher: Watcher;
  readonly log: LogTail;

  private constructor(
    readonly hub: TestHub,
    readonly readers: readonly Reader[],
    readonly ground: PolicyGround,
    readonly judge: Judge,
    readonly selections: Selections,
    /** The routes that the server has registered, for example `GET /livez`. */
    readonly routes: ReadonlySet<string>,
    /** What the hub wrote into its own log. */
    readonly lines: readonly string[],
    readonly township: Township,
    readonly stated: Stated,
    private readonly ownEnd: () => void,
  ) {
    this.log = new LogTail(hub.environment.HUB_AUDIT_DIR!);
    this.watcher = new Watcher(hub.hub.url, this.log);
  }

  static async start(): Promise<Walk> {
    const issuer = await makeTokenIssuer();
    const [routes, lines] = [listenToRoutes(), listenToLog()];
    const environment = { ...issuer.environment, HUB_AUDIT_SUBJECTS: '3', HUB_LOG_LEVEL: 'debug' };
    const hub = await startTestHub({ agencies, population, seed, reference: true, environment });
    try {
      return await Walk.over(hub, issuer, { routes, lines });
    } catch (error) {
      await hub.stop();
      throw error;
    }
  }

  private static async over(hub: TestHub, issuer: TokenIssuer, { routes, lines }: Listening): Promise<Walk> {
    await hub.synchronised();
    const { store, adapters } = hub.hub;
    const township = makeTownship({ population, seed });
    const town = await readTown(store);
    await fillFields(store, town, township);
    await dispute(store, town, township);
    const { catalog } = store;
    const grants = new SharingGrants(store.database.read, () => {});
    await grants.refresh();
    const idOf = (noun: string, key: string) => store.identity.ofNoun(catalog.get(noun), key);
    const ground = { catalog, idOf, town: 'town', grants: grants.current() };
    const stated = await statedCase(hub);
    const readers = await makeReaders(issuer, stated, ground);
    const schema = makeSchema(catalog, adapters);
    const judge = new Judge(schema, await TownTruth.read(store), new TownWords(township));
    const end = () => [routes, lines].forEach(each => void each.stop());
    return new Walk(
      hub,
      readers,
      ground,
      judge,
      new Selections(schema, catalog),
      routes.seen,
      lines.seen,
      township,
      stated,
      end,
    );
  }

  async stop(): Promise<void> {
    closeConnections();
    await this.hub.stop();
    this.ownEnd();
  }

  get truth(): TownTruth {
    return this.judge.truth;
  }
  get nouns(): StoredNoun[] {
    return this.truth.catalog.all();
  }
  reader(name: string): Reader {
    return this.readers.find(each => each.name === name)!;
  }
  /** Readers who each see something different. */
  get different(): readonly Reader[] {
    return this.readers.filter(each => !each.isRepeated);
  }

  /** Sends a request over HTTP and judges the answer. */
  async ask(reader: Reader, { way, text, variables = {}, sought = {}, mayBeWrong }: Question): Promise<Answered> {
    const document = parse(text);
    const body = JSON.stringify({ query: text, variables });
    const asking = { path: '/graphql', method: 'POST', headers: reader.headers, body };
    const watched = await this.watcher.ask(reader.subject, asking);
    const answer = JSON.parse(watched.text) as Json;
    const codes = codesOf(answer);
    const strange = codes.filter(code => !refusals.has(String(code)) && !(mayBeWrong && code === 'BAD_USER_INPUT'));
    if (strange.length)
      this.judge.fault(way, reader, `was not answered: ${strange.join(', ')} to ${text.slice(0, 200)}`);
    const data = (answer.data ?? {}) as Json;
    const looked = Object.entries(sought).flatMap(([root, ids]) => ((data[root] ?? null) === null ? [] : ids));
    const rest = { noted: watched.noted, beside: watched.head, sought: looked };
    this.judge.take({ way, reader, document, answer, ...rest });
    return { data, codes, watched };
  }

  /** Sends root fields, as many in one request as a reader may send. */
  async askAll(reader: Reader, way: string, roots: readonly Root[], most = 250, mayBeWrong = false): Promise<void> {
    const name = way.replaceAll(/\W+/g, '_');
    for (const batch of packed(roots, most, reader.role === 'public' ? 28 : 95)) {
      const text = `query ${name} {\n${batch.map((root, i) => `a${i}: ${textOf(root)}`).join('\n')}\n}`;
      const looked = batch.map((root, i) => [`a${i}`, typeof root === 'string' ? [] : root.sought]);
      await this.ask(reader, { way, text, mayBeWrong, sought: Object.fromEntries(looked) });
    }
  }

  /** Runs the work for each reader, some concurrently; the log entries of different readers can be told apart. */
  async each(readers: readonly Reader[], work: (reader: Reader) => Promise<void>): Promise<void> {
    const waiting = [...readers];
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await work(next);
    };
    await Promise.all(Array.from({ length: 3 }, worker));
  }

  /** Reads the tables again after they have changed. */
  async readTruth(): Promise<void> {
    this.judge.truth = await TownTruth.read(this.hub.hub.store, this.judge.truth);
  }
}

/** A root field, and the persons whom it looks for. */
export type Root = string | { readonly text: string; readonly sought: readonly string[] };
const textOf = (root: Root): string => (typeof root === 'string' ? root : root.text);

export const codesOf = ({ errors }: Json): unknown[] =>
  ((errors ?? []) as { extensions?: { code?: unknown } }[]).map(({ extensions }) => extensions?.code);

const fieldsIn = (text: string): number => text.match(/\w+/g)?.length ?? 0;
/** Counts the aliases, including the one that the root itself gets. */
const aliasesIn = (text: string): number => 1 + (text.match(/\w+: [a-z]\w*/g)?.length ?? 0);

export function packed(roots: readonly Root[], maxFields: number, maxAliases: number): Root[][] {
  const batches: Root[][] = [];
  let [fields, aliases] = [maxFields, maxAliases];
  for (const root of roots) {
    const own = [fieldsIn(textOf(root)), aliasesIn(textOf(root))] as const;
    if (fields + own[0] > maxFields || aliases + own[1] > maxAliases) {
      batches.push([]);
      [fields, aliases] = [0, 0];
    }
    batches.at(-1)!.push(root);
    [fields, aliases] = [fields + own[0], aliases + own[1]];
  }
  return batches;
}

/** An open case that has an applicant and an agency, so that it can be stated as a purpose. */
async function statedCase({ hub }: TestHub): Promise<Stated> {
  const text = `select case_no, lead_agency_code, region_code from hub_case where not deleted and state <> 'CLOSED'
    and applicant_id is not null and region_code is not null and lead_agency_code is not null order by case_no limit 1`;
  const [row] = await hub.store.database.read(text, []);
  const [caseNo, agency, village] = row as [string, string, string];
  return { caseNo, agency, village };
}

/** The hub's log goes to the standard error of its process, line by line. */
function listenToLog() {
  const seen: string[] = [];
  const write = fs.writeSync;
  const spy = jest.spyOn(fs, 'writeSync').mockImplementation(((fd: number, ...rest: [string]) => {
    if (fd !== 2) return write(fd, ...rest);
    seen.push(String(rest[0]));
    return Buffer.byteLength(rest[0]);
  }) as typeof write);
  return { seen, stop: () => spy.mockRestore() };
}
