/**
 * How every command reads its words and ends: `--help` prints what it does, wrong words and wrong settings are one sentence
 * and exit code 2, and only an error that nobody foresaw shows where it came from.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { ConfigError } from '../config.ts';
import type { OpenStore } from '../hub/open-store.ts';

/** Reads its words first, and opens the hub's tables only when it must. Returns the exit code: 0 done, 1 something is left. */
export type Command = (words: readonly string[], open: () => Promise<OpenStore>) => Promise<number>;

/** The words of a command are not what it takes; the message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const wrongWords = 2;

/** The flags and the other words of a command. Throws a UsageError for what it does not take. */
export function readWords<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T, maxOthers = 0) {
  try {
    const read = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const extra = read.positionals[maxOthers];
    if (extra !== undefined) throw new UsageError(`\`${extra}\` is one word too many`);
    return read;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // Node's sentence, without its advice on how to escape words.
    throw new UsageError(String((error as Error).message).split(/[.\n] ?(?:To specify|$)/)[0]!);
  }
}

const asksForHelp = (args: readonly string[]): boolean => args.includes('--help') || args.includes('-h');

/**
 * Runs a command as a process: its exit code is that of `work`.
 *
 * @param usage how it is written, from `npm` on
 * @param about what it does, for `--help`
 */
export async function runAsProcess(usage: string, about: string, work: (args: string[]) => Promise<number>) {
  const args = process.argv.slice(2);
  if (asksForHelp(args)) {
    console.log(`${about}\n\nUsage: ${usage}`);
    return;
  }
  const code = await exitCodeOf(usage, work(args));
  // What a failed start left open must not keep the process.
  if (code) process.exit(code);
}

/** The exit code of a command; what is wrong is printed. */
export const exitCodeOf = (usage: string, running: Promise<number>): Promise<number> =>
  running.catch((error: unknown) => {
    if (error instanceof UsageError) console.error(`${error.message}. Usage: ${usage}`);
    else console.error(error instanceof ConfigError ? error.message : error);
    return error instanceof UsageError || error instanceof ConfigError ? wrongWords : 1;
  });
