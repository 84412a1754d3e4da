/** Connections to the exchange database: read-only, bounded in time, closed when the caller aborts. */
import { Socket } from 'node:net';
import pg from 'pg';
import { SourceError } from '../kit/index.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/**
 * No query of the hub may load the agency's database for longer, nor write to it. When the caller aborts, the socket is
 * closed, and the server checks every second whether its client is still connected.
 */
const SESSION = `
  set default_transaction_read_only = on;
  set statement_timeout = '20s';
  set idle_in_transaction_session_timeout = '30s';
  set client_connection_check_interval = '1s';
  set datestyle = 'ISO, YMD';
  set timezone = 'Asia/Shanghai'`;

/** Text in, text out: numbers keep their digits and dates their spelling. */
const asPrinted = { getTypeParser: () => (value: string) => value };

export type Query = (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, string | null>[]>;
interface Session {
  readonly client: pg.Client;
  readonly socket: Socket;
}

export class ExchangeSessions {
  private idle: Session | null = null;

  constructor(private readonly databaseUrl: string) {}

  /** Runs `work` over one snapshot of the database. Throws SourceError. */
  async inSnapshot<T>(signal: AbortSignal, work: (query: Query) => Promise<T>): Promise<T> {
    const session = this.idle ?? this.prepare();
    this.idle = null;
    const abort = () => session.socket.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      if (session.socket.pending) await this.open(session);
      const query: Query = async (text, values) => (await session.client.query(text, values && [...values])).rows;
      await query('begin transaction isolation level repeatable read read only');
      const result = await work(query);
      await query('commit');
      this.keep(session);
      return result;
    } catch (error) {
      session.socket.destroy();
      throw asSourceError(error, signal);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    const session = this.idle;
    this.idle = null;
    await session?.client.end();
  }

  private prepare(): Session {
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      application_name: 'outpost-hub',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      types: asPrinted,
      stream: () => socket,
    });
    // A connection that breaks while it is idle is replaced by the next call.
    client.on('error', () => {
      if (this.idle?.client === client) this.idle = null;
    });
    return { client, socket };
  }

  private async open({ client }: Session): Promise<void> {
    await client.connect();
    await client.query(SESSION);
  }

  private keep(session: Session): void {
    if (this.idle) session.socket.destroy();
    else this.idle = session;
  }
}

/** Meanings by the class of the SQLSTATE, longest prefix first. */
const KINDS: readonly (readonly [prefix: string, kind: SourceError['kind'], meaning: string])[] = [
  ['57014', 'TIMEOUT', 'did not answer in time'],
  ['25P03', 'TIMEOUT', 'did not answer in time'],
  ['55P03', 'TIMEOUT', 'did not answer in time'],
  ['42501', 'REFUSED', 'does not let the hub read its tables'],
  ['28', 'REFUSED', "refuses the hub's user"],
  ['3D', 'REFUSED', 'has another name'],
  ['42', 'MALFORMED', 'has other tables or columns than agreed'],
  ['22', 'MALFORMED', 'holds values that cannot be read'],
];

function asSourceError(error: unknown, signal: AbortSignal): SourceError {
  if (error instanceof SourceError) return error;
  if (signal.aborted) return new SourceError('TIMEOUT', 'the exchange database was given up', { cause: error });
  const state = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
  const known = KINDS.find(([prefix]) => state.startsWith(prefix) && state !== '');
  if (known) return new SourceError(known[1], `the exchange database ${known[2]}`, { cause: error });
  const slow = error instanceof Error && /timeout/i.test(error.message);
  if (slow) return new SourceError('TIMEOUT', 'the exchange database did not answer in time', { cause: error });
  return new SourceError('UNREACHABLE', 'the exchange database cannot be reached', { cause: error });
}
