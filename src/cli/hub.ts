/** npm run hub -- <command>: what operators do with the hub's tables. */
import { ConfigError, readConfig } from '../config.ts';
import { makeLog, type OpenStore, openStore } from '../hub/open-store.ts';
import { audit } from './audit.ts';
import { loadTown } from './load-town.ts';
import { parked } from './parked.ts';
import { policy } from './policy.ts';
import { removals } from './removals.ts';

/** One file per command, named after it. Each returns the exit code. */
export type Command = (args: readonly string[], opened: OpenStore) => Promise<number>;
/** Works without the hub's tables; opens them only when it must. */
export type StorelessCommand = (args: readonly string[], open: () => Promise<OpenStore>) => Promise<number>;
interface Described {
  readonly usage: string;
  readonly run?: Command;
  readonly runStoreless?: StorelessCommand;
}
const commands: Readonly<Record<string, Described>> = {
  parked: { usage: 'parked list [agency] | show <id> | replay <agency> [id ...]', run: parked },
  removals: { usage: 'removals list | confirm <agency> <set> | drop <agency> <set>', run: removals },
  audit: {
    usage: 'audit verify [directory] [roots] | report <pseudonym or resident id> | release <entry>',
    runStoreless: audit,
  },
  policy: {
    usage: 'policy rules | diff [--from rules.json] --to rules.json: what readers gain and lose, by stored operations',
    runStoreless: policy,
  },
  'load-town': { usage: 'load-town: states the reference data in seeds/reference', run: loadTown },
};

async function main([name, ...args]: string[]): Promise<number> {
  const command = commands[name ?? ''];
  if (!command) {
    console.error(
      `Commands:\n${Object.values(commands)
        .map(c => `  npm run hub -- ${c.usage}`)
        .join('\n')}`,
    );
    return 2;
  }
  const { run, runStoreless, usage } = command;
  let opened: OpenStore | null = null;
  const open = async (): Promise<OpenStore> => {
    const config = readConfig({ HUB_TOKEN_KEYS: '{"keys":[]}', HUB_TOKEN_ISSUER: 'none', ...process.env });
    opened ??= await openStore(config, makeLog('error'));
    return opened;
  };
  try {
    const code = runStoreless ? await runStoreless(args, open) : await run!(args, await open());
    if (code === 2) console.error(`Usage: npm run hub -- ${usage}`);
    return code;
  } finally {
    await (opened as OpenStore | null)?.database.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
}
