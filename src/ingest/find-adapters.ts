/** Every folder with an adapter.ts (adapter.js in a build) is an adapter: a new agency needs no other registration. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Adapter } from '../../adapters/kit/contract.ts';

export const adaptersFolder = path.resolve(import.meta.dirname, '../../adapters');

export async function findAdapters(folder = adaptersFolder): Promise<Adapter[]> {
  const files = readdirSync(folder)
    .sort()
    .map(name => path.join(folder, name, `adapter${path.extname(import.meta.filename)}`))
    .filter(file => existsSync(file));
  return Promise.all(
    files.map(async file => {
      const { default: adapter } = (await import(pathToFileURL(file).href)) as { default?: Adapter };
      if (!adapter?.agency) throw new Error(`${file} has no adapter as its default export: use defineAdapter`);
      return adapter;
    }),
  );
}
