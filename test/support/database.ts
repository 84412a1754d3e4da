import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of one test file. */
export interface TestDatabase {
  readonly url: string;
  /** Removes the database and disconnects all its clients. */
  drop(): Promise<void>;
}

/** PostgreSQL silently truncates longer names. */
const nameLimit = 63;

/** Creates an empty database with a name of its own. */
export async function emptyDatabase(name = 'empty'): Promise<TestDatabase> {
  return createdDatabase(name);
}

/**
 * Creates a database as a copy of a template. Whichever test file comes first makes the template; the others wait.
 *
 * @param template what the template holds; the same name must always mean the same content
 * @param prepare fills the template, at the address it receives, and disconnects
 */
export async function clonedDatabase(template: string, prepare: (url: string) => Promise<void>): Promise<TestDatabase> {
  const source = databaseName('template', template);
  await withServer(async server => {
    await server.query('select pg_advisory_lock(hashtext($1))', [source]);
    const { rowCount } = await server.query('select from pg_database where datname = $1', [source]);
    if (rowCount === 0) await createTemplate(server, source, prepare);
  });
  return createdDatabase(template, source);
}

/** Drops every database of this Jest run, in case the server outlives the run. */
export async function dropTestDatabases(): Promise<void> {
  await withServer(async server => {
    const { rows } = await server.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [databasePrefix()],
    );
    for (const { datname } of rows) await server.query(`drop database if exists ${quoted(datname)} with (force)`);
  });
}

async function createTemplate(server: pg.Client, name: string, prepare: (url: string) => Promise<void>): Promise<void> {
  await server.query(`create database ${quoted(name)} template template0`);
  try {
    await prepare(urlOf(name));
    // A connection that is left open in the template would make every copy of it fail.
    await server.query(`alter database ${quoted(name)} allow_connections false`);
  } catch (error) {
    await server.query(`drop database ${quoted(name)} with (force)`);
    throw error;
  }
}

async function createdDatabase(label: string, template = 'template0'): Promise<TestDatabase> {
  const name = databaseName(label, randomBytes(4).toString('hex'));
  await withServer(server => server.query(`create database ${quoted(name)} template ${quoted(template)}`));
  return {
    url: urlOf(name),
    drop: () =>
      withServer(server => server.query(`drop database if exists ${quoted(name)} with (force)`)).then(() => {}),
  };
}

/** Advisory locks, like everything done on this connection, end with it. */
async function withServer<Result>(work: (server: pg.Client) => Promise<Result>): Promise<Result> {
  const server = new pg.Client({ connectionString: serverUrl() });
  await server.connect();
  try {
    return await work(server);
  } finally {
    await server.end();
  }
}

function serverUrl(): string {
  const url = process.env.TEST_POSTGRES_URL;
  if (!url) throw new Error('There is no embedded PostgreSQL here: set TEST_DATABASE_URL to a server for the tests.');
  return url;
}

function urlOf(database: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

/** Sets the databases of one Jest run apart from those of others on the same server. */
function databasePrefix(): string {
  const prefix = process.env.TEST_DATABASE_PREFIX;
  if (!prefix) throw new Error("Databases for tests need Jest's global setup, test/support/global-setup.mjs.");
  return prefix;
}

function databaseName(...parts: string[]): string {
  const name = databasePrefix() + parts.join('_');
  if (name.length > nameLimit) throw new Error(`${name} is too long for a database name.`);
  return name;
}

function quoted(name: string): string {
  return pg.escapeIdentifier(name);
}
