import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** A user and group of the operating system. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** All output of the command is on `stderr`; ending `stdin` interrupts it (SIGINT). */
export type WatchedProcess = ChildProcessByStdio<Writable, null, Readable>;

/**
 * The shell keeps this process' pipe on descriptor 3. However this process ends, SIGKILL included, the kernel closes
 * its side, `read` sees the end and the command is interrupted; so nothing that is started here is ever orphaned. The
 * signal is repeated until the command is gone: one that has only just started does not handle signals yet.
 */
const watchdog = `
exec 3<&0 1>&2
"$@" 3<&- </dev/null &
command=$!
{ read -r _ <&3; while kill -INT $command; do sleep 1; done; } >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait $command
status=$?
kill $watcher 2>/dev/null
exit $status
`;

/**
 * Starts a command that never outlives this process.
 *
 * @param folder the command's working folder; entered before the change of user, who need not be able to reach it
 * @param user whom to run as (only root may choose), or null for this process' own user
 */
export function spawnWatched(
  command: string,
  args: readonly string[],
  { folder, user }: { folder: string; user: SystemUser | null },
): WatchedProcess {
  const watched = spawn('/bin/sh', ['-c', watchdog, 'watchdog', command, ...args], {
    ...user,
    cwd: folder,
    env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' },
    // A session of its own: Ctrl-C in the terminal reaches this process only, which then stops in its own order.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  // Writing to a command that is gone already is no error.
  watched.stdin.on('error', () => undefined);
  // Whoever reads the output gets the error when there was nothing to start.
  watched.on('error', error => watched.stderr.destroy(error));
  return watched;
}
