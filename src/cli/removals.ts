/** npm run hub -- removals: mass removals that the guard held back, for a person to confirm or drop. */
import type { Command } from './hub.ts';

export const removals: Command = async ([what, agency, set], { database, store }) => {
  if (what === 'list') {
    const { rows } = await database.pool.query('select * from hub_held_removal order by agency, set_name, kind');
    for (const row of rows)
      console.log(`${row.agency}\t${row.set_name}\t${row.kind}\t${row.absent} of ${row.present} would go`);
    console.error(`${rows.length} held`);
    return 0;
  }
  if ((what !== 'confirm' && what !== 'drop') || !agency || !set) return 2;
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
};
