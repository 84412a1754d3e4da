/** npm run schema: writes the contracts in schema/ from the code. Run it after every change of a declaration. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readWords, runAsProcess } from './command.ts';
import { contracts } from './contracts.ts';

const folder = path.resolve(import.meta.dirname, '../../schema');

await runAsProcess(
  'npm run schema',
  'Writes the contracts in schema/ from the code; review the difference.',
  async args => {
    readWords(args, {});
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(await contracts())) {
      writeFileSync(path.join(folder, name), text);
      console.log(`schema/${name}`);
    }
    return 0;
  },
);
