/**
 * npm run schema [-- name-of-the-migration]: writes the contracts in schema/ from the code, and the next migration when
 * the tables differ. Run it after every change of a declaration.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCatalog } from '../catalog/catalog.ts';
import { findAdapters } from '../ingest/find-adapters.ts';
import { newMigration } from '../store/new-migration.ts';
import { readWords, runAsProcess } from './command.ts';
import { contracts } from './contracts.ts';

const folder = path.resolve(import.meta.dirname, '../../schema');
const about = 'Writes the contracts in schema/ from the code, and the next migration when the tables differ.';

await runAsProcess('npm run schema [-- name-of-the-migration]', about, async args => {
  const [name] = readWords(args, {}, 1).positionals;
  mkdirSync(path.join(folder, 'migrations'), { recursive: true });
  for (const [file, text] of Object.entries(await contracts())) {
    writeFileSync(path.join(folder, file), text);
    console.log(`schema/${file}`);
  }
  const migration = await newMigration(makeCatalog(await findAdapters()), { name, write: true });
  if (migration) console.log(`schema/migrations/${migration.file}: new; read it, edit it where needed, and commit it`);
  return 0;
});
