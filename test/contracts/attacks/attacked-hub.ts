/** A hub in a process of its own, which is attacked, with the food and drug outpost of a small town behind it. */
import { connect, createServer, type Server } from 'node:net';
import type { PretendSystem } from '../../../seeds/systems/pretend-system.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { auditPlaces } from '../../support/audit-folder.ts';
import type { TestDatabase } from '../../support/database.ts';
import { freePort, SpawnedCommand } from '../../support/spawned-command.ts';
import { hubDatabase, startSystem } from '../../support/test-hub.ts';
import { testSeed } from '../../support/test-seed.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { Budget } from './budget.ts';

const agency = 'food-drug';
const population = 300;

export class AttackedHub {
  private constructor(
    readonly url: string,
    readonly issuer: TokenIssuer,
    readonly system: PretendSystem,
    /** Counts the bytes that the database sends to the hub. */
    readonly traffic: Traffic,
    private readonly process: SpawnedCommand,
    private readonly database: TestDatabase,
    /** What no answer to a stranger and no line of a log may contain: names, identity numbers, phones of the town. */
    private readonly secrets: readonly string[],
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<AttackedHub> {
    const seed = testSeed;
    const adapters = (await findAdapters()).filter(adapter => adapter.agency.code === agency);
    const database = await hubDatabase(adapters);
    const town = makeTownship({ population, seed });
    const system = await startSystem(agency, { town, seed, faultless: true });
    const issuer = await makeTokenIssuer();
    const traffic = await Traffic.before(database.url);
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const child = new SpawnedCommand(process.execPath, ['bin/run.mjs', 'src/cli/serve.ts'], {
      HUB_AGENCIES: agency,
      HUB_PORT: String(port),
      HUB_LOG_LEVEL: 'debug',
      HUB_DATABASE_CONNECTIONS: '6',
      ...issuer.environment,
      ...system.environment,
      ...auditPlaces(),
      DATABASE_URL: traffic.url,
      ...settings,
    });
    const secrets = town.residents.flatMap(({ residentId, name, phone }) => [residentId, name, phone]);
    const hub = new AttackedHub(url, issuer, system, traffic, child, database, secrets);
    await hub.opened();
    system.deliverTo?.(url);
    await system.drained?.();
    return hub;
  }

  /** The log says when the hub is open; a hub that ends before that says why. */
  private opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.process.output.includes('the hub is open')) resolve();
        else setTimeout(look, 20);
      };
      look();
      void this.process.ended.then(code => reject(new Error(`The hub ended with ${code}: ${this.process.errors}`)));
    });
  }

  async client(claims: { role: string; sub?: string; agency?: string } | null, purpose?: string): Promise<HallClient> {
    return new HallClient(this.url, claims && (await this.issuer.token(claims)), purpose);
  }

  /** Measures what an attack costs the hub. */
  budget(): Budget {
    return new Budget(this.traffic);
  }

  /** The town's secrets that appear in a text. */
  leaks(text: string): string[] {
    return this.secrets.filter(secret => text.includes(secret));
  }

  get log(): string {
    return this.process.output;
  }

  /** Checks after every family that the same process answers a normal query, and that its log names nobody. */
  async stillWell(): Promise<{ alive: boolean; agencies: unknown; leaked: string[] }> {
    const stranger = await this.client(null);
    const { data } = await stranger.ask('{ agencies(first: 1) { nodes { code } } }');
    const alive = (await Promise.race([this.process.ended.then(() => false), Promise.resolve(true)])) as boolean;
    return { alive, agencies: data?.agencies.nodes, leaked: this.leaks(this.log) };
  }

  async stop(): Promise<void> {
    this.process.signalGroup('SIGTERM');
    await this.process.ended;
    await this.system.stop();
    await this.traffic.stop();
    await this.database.drop();
  }
}

/** A proxy between the hub and its database that counts bytes. */
export class Traffic {
  /** Bytes from the database to the hub. */
  bytes = 0;

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async before(databaseUrl: string): Promise<Traffic> {
    const target = new URL(databaseUrl);
    const server = createServer(client => {
      const upstream = connect(Number(target.port), target.hostname);
      client.pipe(upstream).pipe(client);
      upstream.on('data', part => {
        traffic.bytes += part.length;
      });
      for (const [end, other] of [[client, upstream] as const, [upstream, client] as const]) {
        end.on('error', () => other.destroy());
        end.on('close', () => other.destroy());
      }
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(databaseUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as { port: number }).port);
    const traffic = new Traffic(url.href, server);
    return traffic;
  }

  stop(): Promise<void> {
    return new Promise(resolve => this.server.close(() => resolve()));
  }
}
