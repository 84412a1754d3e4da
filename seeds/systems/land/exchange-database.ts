/** A database of the system's own on the given server, and the exchange software that writes to it. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { LogRow } from './exchange-log.ts';
import { indexSql, schemaSql, type TableName, writtenColumns } from './exchange-schema.ts';

const ROWS_PER_STATEMENT = 2_000;

const urlOf = (server: string, database: string): string => {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
};

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

export class ExchangeDatabase {
  private constructor(
    private readonly serverUrl: string,
    readonly name: string,
    private readonly main: pg.Client,
    /** The connection whose transactions commit late. */
    private readonly slow: pg.Client,
  ) {}

  /** @param serverUrl a PostgreSQL user's address who may create databases */
  static async create(serverUrl: string): Promise<ExchangeDatabase> {
    const name = `land_exchange_${randomBytes(6).toString('hex')}`;
    await onServer(serverUrl, `create database ${name} template template0`);
    const clients = [0, 1].map(() => new pg.Client({ connectionString: urlOf(serverUrl, name) }));
    const [main, slow] = clients as [pg.Client, pg.Client];
    for (const client of clients) {
      // A server that stops first closes the database's connections too.
      client.on('error', () => {});
      await client.connect();
    }
    await main.query(schemaSql());
    return new ExchangeDatabase(serverUrl, name, main, slow);
  }

  get url(): string {
    return urlOf(this.serverUrl, this.name);
  }

  /** Writes many rows, in their order within each table. */
  async load(rows: readonly LogRow[]): Promise<void> {
    for (const [table, written] of Map.groupBy(rows, row => row.table)) {
      for (let from = 0; from < written.length; from += ROWS_PER_STATEMENT) {
        await insert(this.main, table, written.slice(from, from + ROWS_PER_STATEMENT));
      }
    }
    await this.main.query(indexSql());
    // A small sample is enough for a planner that only chooses between one index and none.
    await this.main.query('set default_statistics_target = 1; analyze');
  }

  /** Writes rows in one transaction, so that they appear together. */
  async publish(rows: readonly LogRow[]): Promise<void> {
    await this.main.query('begin');
    try {
      for (const row of rows) await insert(this.main, row.table, [row]);
      await this.main.query('commit');
    } catch (error) {
      await this.main.query('rollback');
      throw error;
    }
  }

  /** Writes `late` first and commits it last, after `others`. */
  async publishAround(late: LogRow, others: readonly LogRow[]): Promise<void> {
    await this.slow.query('begin');
    try {
      await insert(this.slow, late.table, [late]);
      await this.publish(others);
      await this.slow.query('commit');
    } catch (error) {
      await this.slow.query('rollback');
      throw error;
    }
  }

  async drop(): Promise<void> {
    await Promise.all([this.main.end(), this.slow.end()]);
    await onServer(this.serverUrl, `drop database if exists ${this.name} with (force)`);
  }
}

async function insert(client: pg.Client, table: TableName, rows: readonly LogRow[]): Promise<void> {
  const columns = writtenColumns(table).join(', ');
  await client.query(
    `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1)`,
    [JSON.stringify(rows.map(row => row.columns))],
  );
}
