/** What a database is made of, as sorted lines that tests can compare: all that tables.sql says, but no rows. */
import { openConnection } from '../../src/store/connections.ts';

const ours = `c.relnamespace = 'public'::regnamespace`;
const queries: readonly string[] = [
  `select 'table ' || c.relname || ' ' || c.relkind::text || ' ' || coalesce(obj_description(c.oid, 'pg_class'), '')
   from pg_class c where c.relkind in ('r', 'v') and ${ours}`,
  // Without the place of a column in its table: migrations add columns at the end.
  `select concat_ws(' ', 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
     a.attidentity, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
   from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum where c.relkind in ('r', 'v') and ${ours}`,
  `select 'index ' || pg_get_indexdef(i.indexrelid) || ' ' || i.indisvalid::text
   from pg_index i join pg_class c on c.oid = i.indrelid where ${ours}`,
  `select 'constraint ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(o.oid)
   from pg_constraint o join pg_class c on c.oid = conrelid where ${ours}`,
  `select 'view ' || c.relname || ' ' || pg_get_viewdef(c.oid) from pg_class c where c.relkind = 'v' and ${ours}`,
  `select 'extension ' || extname from pg_extension`,
];

export async function databaseShape(url: string): Promise<string[]> {
  const client = await openConnection(url);
  try {
    const lines: string[] = [];
    for (const text of queries) {
      const { rows } = await client.query<[string]>({ text, rowMode: 'array' });
      lines.push(...rows.map(([line]) => line));
    }
    return lines.sort();
  } finally {
    await client.end();
  }
}
