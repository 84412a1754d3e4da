/** npm run hub -- load-town: states the town's reference data; what did not change stays untouched. */
import { readReference } from '../../seeds/reference/read-reference.ts';
import { stateTown } from '../ingest/town.ts';
import { type Command, readWords } from './command.ts';
import { noted, reasonFlag } from './operator.ts';

export const loadTown: Command = async (words, open) => {
  const { reason } = readWords(words, reasonFlag).values;
  const { store } = await open();
  // The registers of tasks and matters, on which purposes rest, are part of it.
  return noted({ act: 'command', command: 'load-town', role: 'system-admin', reason }, async () => {
    const changes = await stateTown(store, readReference(), new Date().toISOString());
    console.error(`${changes} changes`);
    return 0;
  });
};
