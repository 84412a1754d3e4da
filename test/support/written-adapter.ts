/** An agency's folder that a test writes outside of the project, beside a link to the real kit. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { project } from './source-imports.ts';

export interface WrittenAdapters {
  /** The folder to pass to `findAdapters`. */
  readonly folder: string;
  remove(): void;
}

/** @param files the texts by their path in the adapters' folder: `civil-affairs/adapter.ts` */
export function writeAdapters(files: Readonly<Record<string, string>>): WrittenAdapters {
  const root = mkdtempSync(path.join(tmpdir(), 'outpost-hub-adapters-'));
  const folder = path.join(root, 'adapters');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  // This links the kit itself and not a copy, because the hall's kinds are recognised by identity.
  symlinkSync(path.join(project, 'adapters/kit'), path.join(folder, 'kit'));
  symlinkSync(path.join(project, 'node_modules'), path.join(root, 'node_modules'));
  for (const settings of ['package.json', '.swcrc']) cpSync(path.join(project, settings), path.join(root, settings));
  return { folder, remove: () => rmSync(root, { recursive: true, force: true }) };
}
