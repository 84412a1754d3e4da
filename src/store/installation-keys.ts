/** The two keys of an installation: made once, kept in the database, the same in every process of the hub. */
import { openConnection } from './connections.ts';

/** The key from which ids are derived: made once for each installation, and never changed. */
export const identityKey = (url: string, random: () => string): Promise<string> =>
  settingOf(url, 'identity key', random);

/** The key by which cursors of streams are signed: the same in every process of the hub. */
export const cursorKey = (url: string, random: () => string): Promise<string> => settingOf(url, 'cursor key', random);

async function settingOf(url: string, name: string, random: () => string): Promise<string> {
  const client = await openConnection(url);
  try {
    await client.query('insert into hub_setting (name, value) values ($1, $2) on conflict do nothing', [
      name,
      random(),
    ]);
    const { rows } = await client.query('select value from hub_setting where name = $1', [name]);
    return rows[0].value;
  } finally {
    await client.end();
  }
}
