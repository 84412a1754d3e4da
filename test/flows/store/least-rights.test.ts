/** The hub needs a role that owns its database, and no right beyond that: README.md tells a DBA so. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { emptyDatabase, type TestDatabase } from '../../support/database.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const role = `hub_${randomBytes(6).toString('hex')}`;
const password = randomBytes(18).toString('base64url');
let database: TestDatabase;
let hub: TestHub;

async function ask(url: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
const urlOf = () => Object.assign(new URL(database.url), { username: role, password }).href;

beforeAll(async () => {
  database = await emptyDatabase('rights');
  const name = pg.escapeIdentifier(new URL(database.url).pathname.slice(1));
  await ask(
    database.url,
    `create role ${role} login password ${pg.escapeLiteral(password)}`,
    `alter database ${name} owner to ${role}`,
  );
  // The start applies all migrations; the reference data is written, derived, numbered and announced.
  hub = await startTestHub({ environment: { DATABASE_URL: urlOf() }, reference: true });
});
afterAll(async () => {
  await hub?.stop();
  const server = Object.assign(new URL(database.url), { pathname: '/postgres' }).href;
  await database?.drop();
  await ask(server, `drop role if exists ${role}`);
});

test('the role has no right of the server', async () => {
  const rights = ['rolsuper', 'rolcreatedb', 'rolcreaterole', 'rolreplication', 'rolbypassrls'];
  const [has] = await ask(urlOf(), `select ${rights} from pg_roles where rolname = current_user`);
  expect(has).toEqual(Object.fromEntries(rights.map(right => [right, false])));
  const memberships = await ask(
    urlOf(),
    'select roleid from pg_auth_members where member = (select oid from pg_roles where rolname = current_user)',
  );
  expect(memberships).toEqual([]);
  await expect(ask(urlOf(), `copy (select 1) to program 'true'`)).rejects.toThrow(/permission denied/);
});

test('the hub made its tables, read what was stated, and its changes have positions', async () => {
  const { data, errors } = await hub.anybody.ask('{ matters(first: 1) { totalCount } }');
  expect(errors).toBeUndefined();
  expect(data.matters.totalCount).toBeGreaterThan(10);
  const [owners] = await ask(
    urlOf(),
    `select count(*)::int as tables, bool_and(tableowner = current_user) as own from pg_tables where schemaname = 'public'`,
  );
  expect(owners).toEqual({ tables: expect.any(Number), own: true });
  expect(owners!.tables).toBeGreaterThan(20);
  const [extension] = await ask(urlOf(), `select count(*)::int as made from pg_extension where extname = 'pg_trgm'`);
  expect(extension).toEqual({ made: 1 });
});

test('a process may end a session of another process of the hub, since both have one role', async () => {
  const [ended] = await ask(
    urlOf(),
    `select bool_and(pg_terminate_backend(pid)) as ended, count(*)::int as sessions from pg_stat_activity
     where usename = current_user and application_name = 'outpost-hub'`,
  );
  expect(ended).toEqual({ ended: true, sessions: expect.any(Number) });
  expect(ended!.sessions).toBeGreaterThan(0);
});
