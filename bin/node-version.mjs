// Ends the process where Node is too old, before anything is imported that it cannot read.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 17)) {
  console.error(
    `Outpost Hub needs Node 22.17 or newer, this is ${process.version}. ` +
      'On Linux x64 and arm64 `npm ci` brings the right one: start with `npm run`, not with `node`.',
  );
  process.exit(1);
}
