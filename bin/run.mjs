// Runs a TypeScript entry of this project: `node bin/run.mjs src/cli/demo.ts --once`.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 17)) {
  console.error(
    `Outpost Hub needs Node 22.17 or newer, this is ${process.version}. ` +
      'On Linux x64 and arm64 `npm ci` brings the right one: start with `npm run`, not with `node`.',
  );
  process.exit(1);
}
await import('./typescript.mjs');
const { pathToFileURL } = await import('node:url');
const entry = process.argv[2];
process.argv.splice(1, 2, entry);
await import(pathToFileURL(entry).href);
