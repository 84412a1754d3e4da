/** npm run hub -- load-town: states the town's reference data; what did not change stays untouched. */
import { readReference } from '../../seeds/reference/read-reference.ts';
import { stateTown } from '../ingest/town.ts';
import { type Command, readWords } from './command.ts';

export const loadTown: Command = async (words, open) => {
  readWords(words, {});
  const { store } = await open();
  const changes = await stateTown(store, readReference(), new Date().toISOString());
  console.error(`${changes} changes`);
  return 0;
};
