/** Whether the log and the second place for its roots are on one file system: what befalls one then befalls both. */
import { statSync } from 'node:fs';
import path from 'node:path';

/** A place that does not exist yet will be where its nearest folder is. Never for a syslog server. */
export function onOneFileSystem(dir: string, roots: string): boolean {
  if (/^syslog(\+tcp)?:/.test(roots)) return false;
  return fileSystemOf(dir) === fileSystemOf(roots);
}

function fileSystemOf(place: string): number {
  const whole = path.resolve(place);
  const found = statSync(whole, { throwIfNoEntry: false });
  return found ? found.dev : fileSystemOf(path.dirname(whole));
}
