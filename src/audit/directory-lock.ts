/** One writer at a time, because a chain has one end. The lock of a process that is gone is ignored. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const heldHere = new Set<string>();

/** Null when another living process, or another log in this one, holds the directory. */
export function lockDirectory(dir: string): { release(): void } | null {
  const file = path.resolve(dir, 'lock');
  if (heldHere.has(file)) return null;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
      heldHere.add(file);
      return {
        release: () => {
          heldHere.delete(file);
          rmSync(file, { force: true });
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (holderLives(file)) return null;
      rmSync(file, { force: true });
    }
  }
  return null;
}

function holderLives(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // In a container every start has the same process id: then it is the lock of an earlier start.
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
