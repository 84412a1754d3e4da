/** What the project's files import, for tests of module boundaries. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Module, parseSync } from '@swc/core';

export const project = path.resolve(import.meta.dirname, '../..');

export interface SourceImport {
  /** The importing file, from the project's root: `src/store/apply.ts`. */
  readonly file: string;
  /** As it is written: `../domain/case-state.ts`, `zod`, `node:path`. */
  readonly specifier: string;
  /**
   * The imported file from the project's root; null for packages. For a computed path, the part of it that is constant.
   */
  readonly target: string | null;
  /** The package's name without a path in it, `node:path` for Node's own; null for files. */
  readonly packageName: string | null;
}
export interface SourceFile {
  readonly file: string;
  readonly imports: readonly SourceImport[];
  /** The file only re-exports what other files export. */
  readonly isBarrel: boolean;
}

/** All code of these folders of the project. */
export function readSources(...folders: readonly string[]): SourceFile[] {
  return sourceFiles(...folders).map(file => readSource(file, readFileSync(path.join(project, file), 'utf8')));
}

/** Paths from the project's root, without what is installed. */
export const sourceFiles = (...folders: readonly string[]): string[] =>
  folders
    .flatMap(folder => globSync(`${folder}/**/*.{ts,mts,mjs}`, { cwd: project }))
    .filter(file => !file.includes('node_modules'))
    .sort();

export function readSource(file: string, text: string): SourceFile {
  const module = parseSync(text, { syntax: 'typescript', decorators: true });
  const imports = [...specifiersIn(module)].map(specifier => ({ file, specifier, ...resolve(file, specifier) }));
  return { file, imports, isBarrel: isBarrel(module) };
}

interface SyntaxNode {
  readonly type?: unknown;
  readonly source?: { readonly value: string } | null;
  readonly callee?: SyntaxNode;
  readonly argument?: { readonly value: string };
  readonly arguments?: readonly { readonly expression: Constant }[];
}
interface Constant {
  readonly type: string;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly raw: string }[];
}

/** Declarations, `import()` and `import('x').Type`, wherever they stand. */
function* specifiersIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const one of value) yield* specifiersIn(one);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const node = value as SyntaxNode;
  if (/^(Import|ExportAll|ExportNamed)Declaration$/.test(String(node.type)) && node.source) yield node.source.value;
  if (node.type === 'TsImportType') yield node.argument!.value;
  if (node.type === 'CallExpression' && node.callee?.type === 'Import') {
    const constant = constantOf(node.arguments![0]!.expression);
    if (constant !== null) yield constant;
  }
  for (const part of Object.values(node)) yield* specifiersIn(part);
}

function constantOf(expression: Constant): string | null {
  if (expression.type === 'StringLiteral') return String(expression.value);
  if (expression.type === 'TemplateLiteral') return expression.quasis![0]!.raw || null;
  return null;
}

function resolve(file: string, specifier: string): Pick<SourceImport, 'target' | 'packageName'> {
  if (specifier.startsWith('.')) {
    return { target: path.posix.join(path.posix.dirname(file), specifier), packageName: null };
  }
  const parts = specifier.split('/');
  const name = specifier.startsWith('node:') ? specifier : parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return { target: null, packageName: name };
}

const isBarrel = ({ body }: Module) =>
  body.length > 0 &&
  body.every(
    item =>
      item.type === 'ExportAllDeclaration' ||
      (item.type === 'ExportNamedDeclaration' && (item as { source?: unknown }).source),
  );
