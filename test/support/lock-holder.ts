/**
 * A process that tries to lock a directory for an audit log, says whether it holds it, and keeps it until it is ended:
 * `node bin/run.mjs test/support/lock-holder.ts <directory> [file to wait for]`
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { lockDirectory } from '../../src/audit/directory-lock.ts';

const [dir, signal] = process.argv.slice(2);
process.stdout.write('ready\n');
// Several of them begin at the same moment: when the file appears.
while (signal && !existsSync(signal));
const lock = lockDirectory(dir!);
process.stdout.write(`${lock ? 'holds' : 'refused'} ${process.pid}\n`);
if (lock) await once(process.stdin.resume(), 'end');
lock?.release();
