/** Runs `npm run hub -- <command>` as an operator does: in a process of its own, over the database of a test. */
import { spawn } from 'node:child_process';
import { auditPlaces } from './audit-folder.ts';
import { project } from './source-imports.ts';

export interface CommandOutcome {
  readonly code: number | null;
  readonly output: string;
  /** What was written to standard error: totals and complaints. */
  readonly remarks: string;
}

/** @param agencies the agencies whose tables the database has, separated by commas */
export function runHubCommand(databaseUrl: string, agencies: string, ...args: string[]): Promise<CommandOutcome> {
  // The command's audit log belongs to the test run, unless the test names another one.
  const env = { ...auditPlaces(), ...process.env, DATABASE_URL: databaseUrl, HUB_AGENCIES: agencies };
  const child = spawn(process.execPath, ['bin/run.mjs', 'src/cli/hub.ts', ...args], { cwd: project, env });
  const written = { output: '', remarks: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.remarks += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve({ code, ...written }));
  });
}
