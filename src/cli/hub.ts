/** npm run hub -- <command>: what operators do with the hub's tables. */
import { readConfig } from '../config.ts';
import { makeLog, type OpenStore, openStore } from '../hub/open-store.ts';
import { audit } from './audit.ts';
import { type Command, runAsProcess, UsageError } from './command.ts';
import { keys } from './keys.ts';
import { loadTown } from './load-town.ts';
import { parked } from './parked.ts';
import { policy } from './policy.ts';
import { removals } from './removals.ts';

/** One file per command, named after it. */
interface Described {
  readonly usage: string;
  readonly run: Command;
}
const commands: Readonly<Record<string, Described>> = {
  parked: { usage: 'parked list [agency] | show <id> | replay <agency> [id ...] [--reason why]', run: parked },
  removals: {
    usage: 'removals list | confirm <agency> <set> --reason why | drop <agency> <set> --reason why',
    run: removals,
  },
  audit: {
    usage:
      'audit verify [directory] [roots] [--expect root] [--keys file] | report <pseudonym or resident id> [--reason why] | release <entry> --reason why | sealed',
    run: audit,
  },
  keys: { usage: 'keys move: takes the identity key out of the database, into the file HUB_IDENTITY_KEY', run: keys },
  policy: {
    usage: 'policy rules | diff [--from rules.json] --to rules.json: what readers gain and lose, by stored operations',
    run: policy,
  },
  'load-town': { usage: 'load-town: states the reference data in seeds/reference', run: loadTown },
};
const usageOf = ({ usage }: Described) => `npm run hub -- ${usage}`;
const about = `What operators do with the hub's tables:\n${Object.values(commands)
  .map(command => `  ${usageOf(command)}`)
  .join('\n')}`;

/** The command that is asked for is described alone. */
const [named] = process.argv.slice(2);
const described = Object.hasOwn(commands, named ?? '') ? commands[named!] : undefined;
const usage = described ? usageOf(described) : 'npm run hub -- <command>';

await runAsProcess(usage, described ? `npm run hub -- ${named}` : about, async ([name, ...words]) => {
  if (!described) {
    console.error(about);
    throw new UsageError(name ? `There is no command \`${name}\`` : 'A command is missing');
  }
  let opened: OpenStore | null = null;
  const open = async (): Promise<OpenStore> => {
    const config = readConfig({ HUB_TOKEN_KEYS: '{"keys":[]}', HUB_TOKEN_ISSUER: 'none', ...process.env });
    opened ??= await openStore(config, makeLog('error'));
    return opened;
  };
  try {
    return await described.run(words, open);
  } finally {
    await (opened as OpenStore | null)?.database.close();
  }
});
