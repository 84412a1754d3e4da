import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type SystemUser, spawnWatched } from './watched-process.ts';

export const superuser = 'hub';
const passwordFile = 'superuser-password';

/**
 * The data folder is every command's working folder, and is named to PostgreSQL through it: so it may lie where the
 * user that PostgreSQL runs as could not reach it by its path, such as in root's home.
 */
export const workingFolder = '/proc/self/cwd';

/** PostgreSQL refuses to run as root; this user, nobody, needs no account. */
const nobody: SystemUser = { uid: 65534, gid: 65534 };

/**
 * The user that PostgreSQL must run as over a data folder, or null for this process' own user: it accepts only its own
 * data.
 *
 * @throws Error when the folder belongs to a user that this process cannot become
 */
export function dataFolderUser(dataDir: string): SystemUser | null {
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  const ownUid = process.getuid?.();
  if (ownUid === 0) return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : nobody;
  if (owner && owner.uid !== ownUid) {
    throw new Error(
      `${dataDir} belongs to another user (uid ${owner.uid}): start as that user, or name another folder.`,
    );
  }
  return null;
}

/** Whether the folder holds the data of a PostgreSQL server, complete. */
export function holdsData(dataDir: string): boolean {
  return existsSync(path.join(dataDir, 'PG_VERSION'));
}

/**
 * Fills an empty or absent data folder. The data is made in a folder beside it, which is then renamed, so that an
 * interrupted start leaves no half of it behind.
 *
 * @param sync whether the new files must survive a crash of the machine
 * @throws Error when the folder holds something else, or initdb fails
 */
export async function createData(
  dataDir: string,
  binDir: string,
  { user, sync }: { user: SystemUser | null; sync: boolean },
): Promise<void> {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new Error(`${dataDir} is not empty and holds no PostgreSQL data: name another folder.`);
  }
  mkdirSync(path.dirname(dataDir), { recursive: true });
  const staging = mkdtempSync(`${dataDir}.new-`);
  try {
    if (user) chownSync(staging, user.uid, user.gid);
    const password = randomBytes(24).toString('base64url');
    await runInitdb(binDir, staging, { user, sync, password });
    writePrivate(path.join(staging, passwordFile), password, user);
    renameSync(staging, dataDir);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    // Another process that started at the same moment may have been first; its data serves as well.
    if (!holdsData(dataDir)) throw error;
  }
}

/**
 * The password of the superuser, which only the user of the data folder (and root) can read.
 *
 * @throws Error when the folder has none
 */
export function readPassword(dataDir: string): string {
  try {
    return readFileSync(path.join(dataDir, passwordFile), 'utf8');
  } catch (cause) {
    throw new Error(
      `${dataDir} holds no ${passwordFile}: it was made by a version that let every local user in. Remove the folder, or name another one.`,
      { cause },
    );
  }
}

function writePrivate(file: string, text: string, user: SystemUser | null): void {
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  if (user) chownSync(file, user.uid, user.gid);
}

async function runInitdb(
  binDir: string,
  folder: string,
  { user, sync, password }: { user: SystemUser | null; sync: boolean; password: string },
): Promise<void> {
  // The data folder must be empty still, and may be where the server's user could not reach another file by its path.
  const secret = mkdtempSync(path.join(tmpdir(), 'outpost-hub-secret-'));
  if (user) chownSync(secret, user.uid, user.gid);
  const file = path.join(secret, passwordFile);
  writePrivate(file, password, user);
  const args = [
    ...['-D', workingFolder, '-U', superuser, '--auth=scram-sha-256', `--pwfile=${file}`],
    ...['--encoding=UTF8', '--no-instructions'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    // pg_trgm asks the C library what a letter is; in plain C no Chinese character is a letter, and its indexes stay
    // empty.
    '--lc-ctype=C.UTF-8',
    ...(sync ? [] : ['--no-sync']),
  ];
  const initdb = spawnWatched(path.join(binDir, 'initdb'), args, { folder, user });
  const ended = Promise.all([text(initdb.stderr), once(initdb, 'exit')]);
  const [said, [status]] = await ended.finally(() => rmSync(secret, { recursive: true, force: true }));
  if (status !== 0) throw new Error(`initdb could not create a database in ${folder} (status ${status}): ${said}`);
}

const lockFile = (dataDir: string) => path.join(dataDir, 'postmaster.pid');

/** The process id in the server's lock file, or null; the file may be left over from a server that was killed. */
export function findLockPid(dataDir: string): number | null {
  try {
    return Number.parseInt(readFileSync(lockFile(dataDir), 'utf8'), 10) || null;
  } catch {
    return null;
  }
}

/** The process id of the server that runs over the folder now, or null. */
export function findServerOver(dataDir: string): number | null {
  const pid = findLockPid(dataDir);
  if (pid === null || commandName(pid) !== 'postgres') return null;
  try {
    // A server's working folder is its data folder; another process may have got the process id of a dead server.
    const [folder, data] = [statSync(`/proc/${pid}/cwd`), statSync(dataDir)];
    return folder.dev === data.dev && folder.ino === data.ino ? pid : null;
  } catch {
    return commandName(pid) === 'postgres' ? pid : null;
  }
}

/** Whether the server over the folder is stopping; it writes so in the eighth line of its lock file. */
export function isStopping(dataDir: string): boolean {
  try {
    return readFileSync(lockFile(dataDir), 'utf8').split('\n')[7]?.trim() === 'stopping';
  } catch {
    return true;
  }
}

function commandName(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return null;
  }
}

/**
 * Removes the lock file that a killed server left. PostgreSQL does so itself unless the dead server's process number
 * now belongs to another process of the same user, which is usual when a container starts again.
 */
export function removeStaleLock(dataDir: string): void {
  rmSync(lockFile(dataDir), { force: true });
}
