/**
 * Entries for commands. A chain has one writer: while a hub writes the log, a command puts its order into the log's
 * directory and the hub carries it out there; otherwise the command opens the log itself.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditAct } from '../domain/audit-acts.ts';
import { AuditLog, type AuditSettings } from './audit-log.ts';
import type { Who } from './entry.ts';
import { openingOf } from './opening.ts';
import { releaseEntry } from './release.ts';
import { operationOf } from './trail.ts';

export interface Order {
  readonly who: Who;
  readonly does: { readonly release: number; readonly reason: string } | CommandAct;
}
/** What an operator does or sees at their terminal: by which command, why, and of what. */
export interface CommandAct {
  readonly act: Extract<AuditAct, 'read' | 'consult' | 'command'>;
  /** `parked show` */
  readonly command: string;
  readonly outcome: 'allowed' | 'failed';
  readonly reason: string | null;
  readonly about: Readonly<Record<string, string>>;
  readonly of: Readonly<Record<string, number>>;
  readonly subjects: readonly string[];
}
/** The number of the entry, or why there is none. */
export type CommandOutcome = { readonly entry: number } | { readonly refused: string };

/** Whoever may write to the log's directory may give this order: a command cannot identify its user otherwise. */
async function carryOut(log: AuditLog, { who, does }: Order): Promise<CommandOutcome> {
  if ('release' in does) return releaseEntry(log, does.release, who, does.reason);
  const { command, reason, ...done } = does;
  const entry = await log.append({
    ...done,
    ...(reason !== null && { reason }),
    who,
    purpose: null,
    operation: operationOf(command, command),
    channel: 'command',
    result: null,
    policy: '',
    counts: {},
  });
  return { entry };
}

/** Resolves once the entry is on disk. Throws when the log cannot be written, and when no hub answers in time. */
export async function orderAtLog(
  settings: AuditSettings,
  order: Order,
  onError: (error: unknown) => void,
): Promise<CommandOutcome> {
  const log = await AuditLog.open(settings, onError);
  if (!log) return requestAtInbox(settings.dir, order);
  try {
    await log.append(openingOf(settings));
    return await carryOut(log, order);
  } finally {
    await log.close();
  }
}

const ordersIn = (dir: string) => path.join(dir, 'requests');
const answerMs = 10_000;
const lookMs = 250;

export async function requestAtInbox(dir: string, order: Order): Promise<CommandOutcome> {
  const file = path.join(ordersIn(dir), `${randomUUID()}`);
  await mkdir(ordersIn(dir), { recursive: true, mode: 0o700 });
  await writeWhole(`${file}.request`, order);
  for (const deadline = performance.now() + answerMs; performance.now() < deadline; await delay(lookMs / 2)) {
    const answer = await readFile(`${file}.answer`, 'utf8').catch(() => null);
    if (answer === null) continue;
    await rm(`${file}.answer`);
    return JSON.parse(answer) as CommandOutcome;
  }
  await rm(`${file}.request`, { force: true });
  throw new Error('The hub that writes the audit log did not answer');
}

/** Carries out the orders in the directory of a log. */
export class CommandInbox {
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
    const folder = ordersIn(this.log.settings.dir);
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter(n => n.endsWith('.request'))) {
      const file = path.join(folder, name);
      const order = JSON.parse(await readFile(file, 'utf8')) as Order;
      await writeWhole(file.replace(/\.request$/, '.answer'), await carryOut(this.log, order));
      await rm(file);
    }
  }
}

async function writeWhole(file: string, content: unknown): Promise<void> {
  await writeFile(`${file}.draft`, JSON.stringify(content), { mode: 0o600 });
  await rename(`${file}.draft`, file);
}
