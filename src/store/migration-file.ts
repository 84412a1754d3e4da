/**
 * Reads a migration: plain SQL whose comments say how it is run. schema/README.md describes the format to those who
 * edit such files. Pure.
 */
import { createHash } from 'node:crypto';
import { type SqlComment, type SqlStatement, splitSql } from './split-sql.ts';

/** What stops a start because of migrations: one sentence for the operator. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** What is committed and recorded together. */
export interface Step {
  /** All statements in one transaction; one statement outside of any; one statement again until it changes no row. */
  readonly run: 'together' | 'alone' | 'in batches';
  readonly statements: readonly string[];
}

export interface Migration {
  readonly number: number;
  /** Of the file. */
  readonly name: string;
  /** Of the name and the text, so that two files with the same text differ. */
  readonly digest: string;
  /** Whether processes that do not know this migration may go on over it. */
  readonly additive: boolean;
  readonly steps: readonly Step[];
}

export const migrationName = /^(\d{4})-[a-z0-9-]+\.sql$/;
/** `-- additive: yes`; a sentence that happens to begin like this is no setting of the file. */
const settingLine = /^--\s*(additive|transaction)\s*:\s*(\S*)\s*$/;
const backfillLine = /^--\s*backfill\s*$/;
const decideLine = /^--\s*decide\b/;

/** @throws MigrationError that names the file and the line */
export function parseMigration(name: string, text: string): Migration {
  const refuse = (line: number, why: string): never => {
    throw new MigrationError(`schema/migrations/${name}, line ${line}: ${why}`);
  };
  const [, number] = migrationName.exec(name) ?? refuse(1, 'the name should be like 0002-short-name.sql');
  const { statements, comments, unfinished } = splitSql(text);
  if (unfinished) refuse(unfinished.line, unfinished.why);
  for (const { line, text: comment } of comments)
    if (decideLine.test(comment)) refuse(line, 'this is to be decided: follow the comment, then delete it');
  const settings = readSettings(comments, statements[0]?.line ?? Number.POSITIVE_INFINITY, refuse);
  if (!settings.additive) refuse(1, 'its head should say `-- additive: yes` or `-- additive: no`');
  if (!statements.length)
    refuse(1, 'it has no statement: where nothing is to be done, delete it and keep the snapshot');
  for (const { line, text: statement } of statements)
    if (/^(begin|start transaction|commit|end|rollback)\b/i.test(statement))
      refuse(line, 'a migration does not begin or end transactions: `-- transaction: no` runs it outside of one');
  return {
    number: Number(number),
    name,
    digest: createHash('sha256').update(`${name}\n${text}`).digest('hex'),
    additive: settings.additive === 'yes',
    steps: toSteps(statements, findBackfills(statements, comments, refuse), settings.transaction !== 'no'),
  };
}

type Refuse = (line: number, why: string) => never;

function readSettings(comments: readonly SqlComment[], firstLine: number, refuse: Refuse): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const { line, text } of comments) {
    const [, name, value] = settingLine.exec(text) ?? [];
    if (!name) continue;
    if (value !== 'yes' && value !== 'no') refuse(line, `${name} should be yes or no`);
    if (line >= firstLine) refuse(line, `${name} belongs to the head, before the first statement`);
    if (settings[name]) refuse(line, `${name} is said twice`);
    settings[name] = value!;
  }
  return settings;
}

/** The statements that a line `-- backfill` stands above. */
function findBackfills(
  statements: readonly SqlStatement[],
  comments: readonly SqlComment[],
  refuse: Refuse,
): Set<SqlStatement> {
  const found = new Set<SqlStatement>();
  for (const { line, text } of comments) {
    if (!backfillLine.test(text)) continue;
    if (statements.some(s => s.line < line && line <= s.lastLine)) refuse(line, 'a backfill begins between statements');
    const next = statements.find(s => s.line > line);
    if (!next || found.has(next)) refuse(line, 'a backfill is one statement, and it is missing');
    if (!/^(update|delete|insert|with)\b/i.test(next!.text)) refuse(next!.line, 'a backfill should change rows');
    found.add(next!);
  }
  return found;
}

function toSteps(
  statements: readonly SqlStatement[],
  backfills: ReadonlySet<SqlStatement>,
  inTransaction: boolean,
): Step[] {
  const steps: { run: Step['run']; statements: string[] }[] = [];
  for (const statement of statements) {
    const run = backfills.has(statement) ? 'in batches' : inTransaction ? 'together' : 'alone';
    const last = steps.at(-1);
    if (run === 'together' && last?.run === run) last.statements.push(statement.text);
    else steps.push({ run, statements: [statement.text] });
  }
  return steps;
}
