/**
 * Releases a sealed entry of the police: the person concerned is told from then on. An entry itself. While a hub writes
 * the log, a command lays its request into the log's directory and the hub answers it there: a chain has one writer.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditLog } from './audit-log.ts';
import type { Who } from './entry.ts';
import { entriesAbout, findEntry } from './subject-report.ts';

export type Release = { readonly released: number } | { readonly refused: string };

/** Audit administrators only: who asks is the caller's matter. */
export async function releaseEntry(log: AuditLog, seq: number, who: Who): Promise<Release> {
  const { dir } = log.settings;
  const entry = await findEntry(dir, seq);
  if (!entry) return { refused: `The log holds no entry ${seq}` };
  if (!entry.sealed) return { refused: `Entry ${seq} is not sealed` };
  const [subject] = entry.subjects.ids;
  if (subject && (await isReleased(dir, subject, seq))) return { refused: `Entry ${seq} is released already` };
  const released = await log.append({
    act: 'release',
    who,
    purpose: null,
    operation: null,
    channel: 'command',
    subjects: entry.subjects.ids,
    result: null,
    policy: entry.policy,
    counts: {},
    of: { entry: seq },
  });
  return { released };
}

async function isReleased(dir: string, subject: string, seq: number): Promise<boolean> {
  for await (const { act, of } of entriesAbout(dir, subject)) {
    if (act === 'release' && of?.entry === seq) return true;
  }
  return false;
}

const requestsIn = (dir: string) => path.join(dir, 'requests');
const answerMs = 10_000;
const lookMs = 250;

/** Throws when no hub answers in time. */
export async function requestRelease(dir: string, seq: number, who: Who): Promise<Release> {
  const file = path.join(requestsIn(dir), `${randomUUID()}`);
  await mkdir(requestsIn(dir), { recursive: true, mode: 0o700 });
  await writeWhole(`${file}.request`, { seq, who });
  for (const deadline = performance.now() + answerMs; performance.now() < deadline; await delay(lookMs / 2)) {
    const answer = await readFile(`${file}.answer`, 'utf8').catch(() => null);
    if (answer === null) continue;
    await rm(`${file}.answer`);
    return JSON.parse(answer) as Release;
  }
  await rm(`${file}.request`, { force: true });
  throw new Error('The hub that writes the audit log did not answer');
}

/** Answers requests that lie in the directory of a log. */
export class ReleaseDesk {
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> | null = null;

  constructor(
    private readonly log: AuditLog,
    private readonly onError: (error: unknown) => void,
  ) {
    this.timer = setInterval(() => {
      this.looking ??= this.look()
        .catch(this.onError)
        .finally(() => {
          this.looking = null;
        });
    }, lookMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  private async look(): Promise<void> {
    const folder = requestsIn(this.log.settings.dir);
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter(n => n.endsWith('.request'))) {
      const file = path.join(folder, name);
      const { seq, who } = JSON.parse(await readFile(file, 'utf8')) as { seq: number; who: Who };
      const answer = await releaseEntry(this.log, seq, who);
      await writeWhole(file.replace(/\.request$/, '.answer'), answer);
      await rm(file);
    }
  }
}

async function writeWhole(file: string, content: unknown): Promise<void> {
  await writeFile(`${file}.draft`, JSON.stringify(content), { mode: 0o600 });
  await rename(`${file}.draft`, file);
}
