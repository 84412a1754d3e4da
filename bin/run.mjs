// Runs a TypeScript entry of this project: `node bin/run.mjs src/cli/demo.ts --once`.
import './node-version.mjs';

await import('./typescript.mjs');
const { pathToFileURL } = await import('node:url');
const entry = process.argv[2];
process.argv.splice(1, 2, entry);
await import(pathToFileURL(entry).href);
