import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { readConfig } from '../../../src/config.ts';
import { makeLog, openStore } from '../../../src/hub/open-store.ts';
import { openConnection } from '../../../src/store/connections.ts';
import { Identity } from '../../../src/store/identity.ts';
import { createTables } from '../../support/create-tables.ts';
import { emptyDatabase, type TestDatabase } from '../../support/database.ts';
import { SpawnedCommand } from '../../support/spawned-command.ts';

const catalog = makeCatalog([]);
const person = catalog.stored('Person');
let database: TestDatabase;
let folder: string;
let file: string;

beforeEach(async () => {
  database = await emptyDatabase('identity_key');
  folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-keys-'));
  file = path.join(folder, 'of this hub', 'identity-key');
});
afterEach(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function query(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = await openConnection(database.url);
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
const settings = async () =>
  Object.fromEntries((await query('select name, value from hub_setting')).map(({ name, value }) => [name, value]));

/** Opens the tables as every start does, and gives the id of a person: that depends on the key alone. */
async function idAfterStart(keyFile = file): Promise<string> {
  const trust = { HUB_TOKEN_KEYS: '{"keys":[]}', HUB_TOKEN_ISSUER: 'none' };
  const config = readConfig({ ...trust, DATABASE_URL: database.url, HUB_IDENTITY_KEY: keyFile });
  const { store, database: opened } = await openStore(config, makeLog('silent'), []);
  await opened.close();
  return store.identity.ofNoun(person, '37148219000101001X');
}
async function move(keyFile = file) {
  const words = ['bin/run.mjs', 'src/cli/hub.ts', 'keys', 'move'];
  const command = new SpawnedCommand(process.execPath, words, {
    DATABASE_URL: database.url,
    HUB_IDENTITY_KEY: keyFile,
  });
  const code = await command.ended;
  return { code, text: command.output };
}

/** A database of the version before: its key lies in hub_setting, and a person has the id that derives from it. */
const oldKey = 'o1dKey-of_the_version_before_0123456789abcdef';
const oldId = new Identity(oldKey).ofNoun(person, '37148219000101001X');
async function makeDatabaseOfBefore(): Promise<void> {
  await createTables(database.url, catalog);
  await query(`insert into hub_setting values ('identity key', $1), ('cursor key', 'c')`, [oldKey]);
  await addPerson(oldId);
}
const addPerson = (id: string) =>
  query(
    `insert into "${person.table}" (id, resident_id, deleted, digest, observed_at)
     values ($1, '37148219000101001X', false, '', now())`,
    [id],
  );

describe('a new installation', () => {
  test('makes the file itself, for its user alone, and the database holds only a digest of it', async () => {
    const id = await idAfterStart();
    const key = readFileSync(file, 'utf8').trim();
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(new Identity(key).ofNoun(person, '37148219000101001X')).toBe(id);
    const stored = await settings();
    expect(Object.keys(stored)).toEqual(['identity key digest']);
    expect(JSON.stringify(stored)).not.toContain(key);
    expect(await idAfterStart()).toBe(id);
  });

  test('agrees on one key when several processes start at once', async () => {
    await createTables(database.url, catalog);
    const ids = await Promise.all(Array.from({ length: 5 }, () => idAfterStart()));
    expect(new Set(ids).size).toBe(1);
  });

  test('does not begin with two keys when the processes have different files: one starts, the others say what to do', async () => {
    await createTables(database.url, catalog);
    const files = [file, `${file}-2`, `${file}-3`];
    const starts = await Promise.allSettled(files.map(each => idAfterStart(each)));
    const refused = starts.flatMap(start => (start.status === 'rejected' ? [String(start.reason.message)] : []));
    expect(refused).toHaveLength(2);
    for (const message of refused)
      expect(message).toMatch(/^HUB_IDENTITY_KEY should be .* there is none at .*: take it from/);
    expect(files.filter(each => existsSync(each))).toHaveLength(1);
  });

  test('takes a file that the operator made', async () => {
    writeFileSync(path.join(folder, 'given'), `${oldKey}\n`);
    expect(await idAfterStart(path.join(folder, 'given'))).toBe(oldId);
  });
});

describe('a start is refused, and changes nothing,', () => {
  test('while the key lies in the database', async () => {
    await makeDatabaseOfBefore();
    await query('delete from hub_migration where number > 1');
    await expect(idAfterStart()).rejects.toThrow(/^The identity key lies in the database.*npm run hub -- keys move/);
    expect(existsSync(file)).toBe(false);
    // The version before can still start.
    expect(await query('select number from hub_migration')).toEqual([{ number: 1 }]);
  });

  test('when the file is gone: no new key is made beside what exists', async () => {
    await idAfterStart();
    rmSync(file);
    await expect(idAfterStart()).rejects.toThrow(/there is none at .*: take it from another process/);
    expect(existsSync(file)).toBe(false);
  });

  test('when the database has records and says nothing of a key', async () => {
    await createTables(database.url, catalog);
    await addPerson(oldId);
    await expect(idAfterStart()).rejects.toThrow(/A new key would give everything new ids/);
    writeFileSync(path.join(folder, 'wrong'), 'another key\n');
    await expect(idAfterStart(path.join(folder, 'wrong'))).rejects.toThrow(/holds another key/);
    expect(await settings()).toEqual({});
    writeFileSync(path.join(folder, 'right'), `${oldKey}\n`);
    expect(await idAfterStart(path.join(folder, 'right'))).toBe(oldId);
  });

  test('when the file is that of another hub, is empty, or cannot be read', async () => {
    await idAfterStart();
    const other = path.join(folder, 'other');
    writeFileSync(other, 'the key of another hub\n');
    await expect(idAfterStart(other)).rejects.toThrow(/holds another key: take the file from another process/);
    writeFileSync(other, '');
    await expect(idAfterStart(other)).rejects.toThrow(/is empty$/);
    await expect(idAfterStart(folder)).rejects.toThrow(/should be a file that can be read; .*\(EISDIR\)$/);
  });
});

describe('keys move', () => {
  test('takes the key out of the database unchanged: every id stays', async () => {
    await makeDatabaseOfBefore();
    expect(await move()).toEqual({ code: 0, text: expect.stringContaining(`The identity key is in ${file} now`) });
    expect(readFileSync(file, 'utf8')).toBe(`${oldKey}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Object.keys(await settings()).sort()).toEqual(['cursor key', 'identity key digest']);
    expect(await idAfterStart()).toBe(oldId);
  });

  test('may be repeated, also when it was killed after the file and before the database', async () => {
    await makeDatabaseOfBefore();
    await move();
    expect(await move()).toEqual({ code: 0, text: expect.stringContaining('holds the identity key already') });
    await query(`insert into hub_setting values ('identity key', $1)`, [oldKey]);
    await query(`delete from hub_setting where name = 'identity key digest'`);
    expect((await move()).code).toBe(0);
    expect(await idAfterStart()).toBe(oldId);
  });

  test('keeps the key in the database when it cannot be in the file for certain', async () => {
    await makeDatabaseOfBefore();
    const other = path.join(folder, 'other');
    writeFileSync(other, 'another key\n');
    expect(await move(other)).toEqual({
      code: 2,
      text: expect.stringContaining('holds another key than the database'),
    });
    expect(readFileSync(other, 'utf8')).toBe('another key\n');
    expect(await move('/proc/identity-key')).toEqual({
      code: 2,
      text: expect.stringContaining('can be written'),
    });
    expect(await settings()).toMatchObject({ 'identity key': oldKey });
  });

  test('says in one sentence that there is nothing to move', async () => {
    expect(await move()).toEqual({
      code: 2,
      text: expect.stringMatching(/^DATABASE_URL should be the database of a hub.*\n$/),
    });
    await createTables(database.url, catalog);
    expect(await move()).toEqual({
      code: 2,
      text: expect.stringMatching(/^The database holds no identity key to move.*\n$/),
    });
    expect(existsSync(file)).toBe(false);
  });
});

test('a process of the version before does not start once the key is in the file', () => {
  const migration = readFileSync('schema/migrations/0004-identity-key-in-a-file.sql', 'utf8');
  expect(migration).toMatch(/^-- additive: no\n/);
});
