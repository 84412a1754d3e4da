/** The key by which cursors of streams are signed: made once, kept in the database, the same in every process of the hub. */
import { openConnection } from './connections.ts';

const name = 'cursor key';

export async function cursorKey(url: string, random: () => string): Promise<string> {
  const client = await openConnection(url);
  try {
    const statement = 'insert into hub_setting (name, value) values ($1, $2) on conflict do nothing';
    await client.query(statement, [name, random()]);
    const { rows } = await client.query('select value from hub_setting where name = $1', [name]);
    return rows[0].value;
  } finally {
    await client.end();
  }
}
