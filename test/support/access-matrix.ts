/** Reads schema/access.md back as it was reviewed: what each role may see of every field. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Role } from '../../src/access/principal.ts';
import { project } from './source-imports.ts';

/** How a field looks without a purpose, for a case, and for a matter or a task. */
export type Looks = readonly [without: string, ofCase: string, otherwise: string];
export interface MatrixLine {
  readonly field: string;
  /** For example `personal`, `→ Case`, `for: report`. */
  readonly about: string;
  /** Null for a role without a column, which sees no row. */
  looks(role: Role): Looks | null;
}

/** Tables by their titles: `Person`, `Fields that no record declares`. */
export function readMatrix(): ReadonlyMap<string, readonly MatrixLine[]> {
  const sections = readFileSync(path.join(project, 'schema/access.md'), 'utf8').split(/^## /m).slice(1);
  return new Map(sections.map(section => [section.split(/ · |\n/)[0]!, linesOf(section)]));
}

function linesOf(section: string): MatrixLine[] {
  const [head, , ...rows] = section
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(cellsOf);
  if (head?.[0] !== 'Field') return [];
  return rows.map(([field, about, ...cells]) => ({
    field: field!,
    about: about!,
    looks: role => {
      const cell = cells[head.indexOf(role) - 2];
      return cell === undefined ? null : looksOf(cell);
    },
  }));
}
const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim());

function looksOf(cell: string): Looks {
  const [without, ofCase = without, otherwise = without] = cell.split(' / ');
  return [without!, ofCase!, otherwise!];
}
