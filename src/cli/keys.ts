/** npm run hub -- keys move: takes the identity key out of the database, unchanged, into its file. */
import { readIdentityConfig } from '../config.ts';
import { refuse } from '../hub/open-store.ts';
import { moveIdentityKey } from '../store/identity-key.ts';
import { type Command, readWords, UsageError } from './command.ts';
import { noted, reasonFlag } from './operator.ts';

export const keys: Command = async words => {
  const { values, positionals } = readWords(words, reasonFlag, 1);
  const [what] = positionals;
  if (what !== 'move') throw new UsageError('`keys` takes move');
  const { databaseUrl, hubIdentityKey: file } = readIdentityConfig(process.env);
  return noted({ act: 'command', command: 'keys move', role: 'system-admin', reason: values.reason }, async () => {
    const moved = await moveIdentityKey(databaseUrl, file).catch(refuse);
    console.error(
      moved ? `The identity key is in ${file} now, and not in the database` : `${file} holds the identity key already`,
    );
    console.error(
      'Keep a copy of the file apart from the backups of the database; backups of before still hold the key',
    );
    return 0;
  });
};
