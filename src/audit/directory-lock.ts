/**
 * One writer at a time, because a chain has one end. The lock is the operating system's: SQLite, which comes with Node,
 * takes it on a file (fcntl). It ends with its process in whatever way that ends, holds while the process is stopped,
 * and counts between containers that share the directory, where process numbers mean nothing.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Stays there and stays empty. No other code may open it: the system drops the lock when a process closes the file. */
const lockFile = (dir: string): string => path.resolve(dir, 'writer.lock');

/** Of several that begin at the same moment all but one step back, and one looks again. */
const lookAgainMs = 250;
/** SQLITE_BUSY */
const isHeld = (error: unknown) => (error as { errcode?: unknown }).errcode === 5;

/** Null when another living process, or another log in this one, holds the directory. Throws where it cannot be locked. */
export function lockDirectory(dir: string): { release(): void } | null {
  const file = lockFile(dir);
  makeFile(file);
  const lock = new DatabaseSync(file, { timeout: lookAgainMs });
  try {
    // Without a journal on disk, there is nothing that the next holder would have to repair.
    lock.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    lock.close();
    if (isHeld(error)) return null;
    throw error;
  }
  return { release: () => lock.close() };
}

/** A file that exists is not opened: another log of this process may hold it. */
function makeFile(file: string): void {
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
