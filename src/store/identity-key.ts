/**
 * The key from which ids derive, in a file outside the database: whoever has a dump of the database cannot compute whose
 * ids these are. It is made once and never changed, because a new key would give everything new ids. The database keeps
 * a digest of it, by which every start recognises the right file.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { openConnection } from './connections.ts';

/** The key must not be used as things are: one sentence about what to do. */
export class IdentityKeyError extends Error {
  override readonly name = 'IdentityKeyError';
}

/** Names of rows of hub_setting: the key, where versions of before kept it, and its digest. */
const keyRow = 'identity key';
const digestRow = 'identity key digest';

/** Tells nothing about the key, which has 256 random bits. */
const digestOf = (key: string): string => createHmac('sha256', key).update('outpost-hub identity key').digest('hex');

/** What the database says of its records. */
export interface KeyedRecords {
  /** Whether there are records whose ids derive from a key. */
  exist(client: pg.ClientBase): Promise<boolean>;
  /** Whether those ids derive from this key; true where there are none. */
  deriveFrom(client: pg.ClientBase, key: string): Promise<boolean>;
}

/** @throws IdentityKeyError while the key lies in the database; asked before anything there is changed */
export const demandKeyOutside = (url: string): Promise<void> =>
  withConnection(url, async client => {
    if ((await hasSettings(client)) && (await readRow(client, keyRow)) !== null) throw new IdentityKeyError(liesInside);
  });
const liesInside =
  'The identity key lies in the database, so everybody who has a dump of it can compute whose ids these are: ' +
  'run `npm run hub -- keys move`, which moves it unchanged to the file HUB_IDENTITY_KEY';

/**
 * The key in the file. A new installation, without records, makes the file.
 *
 * @throws IdentityKeyError for a file that is missing beside records, or is not that of this database
 */
export const openIdentityKey = (url: string, file: string, records: KeyedRecords): Promise<string> =>
  alone(url, async client => {
    if ((await readRow(client, keyRow)) !== null) throw new IdentityKeyError(liesInside);
    const digest = await readRow(client, digestRow);
    const key = readKey(file) ?? (await makeKey(client, file, digest, records));
    const isRight = digest === null ? await records.deriveFrom(client, key) : digest === digestOf(key);
    if (!isRight)
      throw new IdentityKeyError(
        `HUB_IDENTITY_KEY should be the file with the identity key of this database; ${file} holds another key: take the ` +
          'file from another process of this hub, or from its backup',
      );
    if (digest === null) await writeRow(client, digestRow, digestOf(key));
    return key;
  });

async function makeKey(
  client: pg.ClientBase,
  file: string,
  digest: string | null,
  records: KeyedRecords,
): Promise<string> {
  if (digest !== null || (await records.exist(client)))
    throw new IdentityKeyError(
      `HUB_IDENTITY_KEY should be the file with the identity key of this database; there is none at ${file}: take it from ` +
        'another process of this hub, or from its backup. A new key would give everything new ids, so none is made',
    );
  return writeKey(file, randomBytes(32).toString('base64url'));
}

/**
 * Moves the key from the database to the file, unchanged: written, on disk, read back and compared before it is deleted.
 * It may be repeated at any point. False when it was moved before.
 *
 * @throws IdentityKeyError when the file holds another key, or there is nothing to move
 */
export const moveIdentityKey = (url: string, file: string): Promise<boolean> =>
  alone(url, async client => {
    if (!(await hasSettings(client)))
      throw new IdentityKeyError('DATABASE_URL should be the database of a hub; this one has no tables of a hub');
    const key = await readRow(client, keyRow);
    if (key === null) return demandMoved(client, file);
    if (/^\s|[\r\n]|\s$/.test(key) || !key)
      throw new IdentityKeyError(
        'The identity key in the database is empty or has spaces around it, so it is not moved',
      );
    const there = readKey(file) ?? (await writeKey(file, key));
    if (there !== key)
      throw new IdentityKeyError(`${file} holds another key than the database: name another file by HUB_IDENTITY_KEY`);
    await client.query('begin');
    await writeRow(client, digestRow, digestOf(key));
    await client.query('delete from hub_setting where name = $1', [keyRow]);
    await client.query('commit');
    return true;
  });

async function demandMoved(client: pg.ClientBase, file: string): Promise<false> {
  const [digest, key] = [await readRow(client, digestRow), readKey(file)];
  if (digest !== null && key !== null && digest === digestOf(key)) return false;
  throw new IdentityKeyError(
    `The database holds no identity key to move, and ${file} ${key === null ? 'is missing' : 'holds no key of this database'}`,
  );
}

async function withConnection<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openConnection(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Processes that start at once decide one after the other. */
const alone = <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> =>
  withConnection(url, async client => {
    await client.query(`select pg_advisory_lock(hashtext('outpost-hub identity key'))`);
    return work(client);
  });

/** An empty database has no tables yet. */
async function hasSettings(client: pg.ClientBase): Promise<boolean> {
  return (await client.query(`select to_regclass('hub_setting') is not null as found`)).rows[0].found;
}
async function readRow(client: pg.ClientBase, name: string): Promise<string | null> {
  const { rows } = await client.query<{ value: string }>('select value from hub_setting where name = $1', [name]);
  return rows[0]?.value ?? null;
}
async function writeRow(client: pg.ClientBase, name: string, value: string): Promise<void> {
  await client.query(
    'insert into hub_setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
    [name, value],
  );
}

/** Null where there is no file. */
function readKey(file: string): string | null {
  try {
    const key = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (key) return key;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code!;
    if (code === 'ENOENT') return null;
    throw new IdentityKeyError(`HUB_IDENTITY_KEY should be a file that can be read; ${file} cannot (${code})`);
  }
  throw new IdentityKeyError(`HUB_IDENTITY_KEY should be the file with the identity key; ${file} is empty`);
}

/** The key that the file holds then: of two that write it at once, one is first. The file appears whole or not at all. */
async function writeKey(file: string, key: string): Promise<string> {
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    rmSync(draft, { force: true });
    await writeDurably(draft, `${key}\n`);
    linkSync(draft, file);
    await syncFolder(path.dirname(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code!;
    if (code !== 'EEXIST')
      throw new IdentityKeyError(`HUB_IDENTITY_KEY should be a file that can be written; ${file} cannot (${code})`);
  } finally {
    rmSync(draft, { force: true });
  }
  return readKey(file)!;
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
