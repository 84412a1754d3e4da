/** npm run hub -- removals: mass removals that the guard held back, for a person to confirm or drop. */
import type { Database } from '../store/database.ts';
import { type Command, readWords, UsageError } from './command.ts';
import { demandReasonFlag, noted, reasonFlag } from './operator.ts';

export const removals: Command = async (words, open) => {
  const { values, positionals } = readWords(words, reasonFlag, 3);
  const [what, agency, set] = positionals;
  if (what === 'list' && !agency) return list((await open()).database);
  if ((what !== 'confirm' && what !== 'drop') || !agency || !set)
    throw new UsageError('`removals` takes list, or confirm or drop with an agency and a set');
  const reason = demandReasonFlag(values.reason);
  const { store } = await open();
  const act = {
    act: 'command',
    command: `removals ${what}`,
    role: 'system-admin',
    reason,
    about: { agency, set },
  } as const;
  return noted(act, async () => {
    const changes = await store.settleHeldRemoval(agency, set, what === 'confirm');
    if (changes === null) {
      console.error(`Nothing is held for ${agency} under ${set}`);
      return 1;
    }
    console.error(
      what === 'confirm'
        ? `${changes} changes, the absent records are flagged as deleted`
        : 'dropped: nothing was removed',
    );
    return 0;
  });
};

async function list({ pool }: Database): Promise<number> {
  const { rows } = await pool.query('select * from hub_held_removal order by agency, set_name, kind');
  for (const row of rows)
    console.log(`${row.agency}\t${row.set_name}\t${row.kind}\t${row.absent} of ${row.present} would go`);
  console.error(`${rows.length} held`);
  return 0;
}
