/** MikroORM over the tables of a catalog, without a database, and the tables as SQL. */
import { MikroORM } from '@mikro-orm/postgresql';
import type { Catalog } from '../catalog/catalog.ts';
import { claimViews, entitiesOf, viewSql } from './tables.ts';

/** @param settings of MikroORM, in addition to the entities */
export const openOrm = (catalog: Catalog, settings: object = {}): Promise<MikroORM> =>
  MikroORM.init({
    // It is never asked: declarations are compared with files.
    clientUrl: 'postgresql://nobody@127.0.0.1:1/none',
    connect: false,
    entities: entitiesOf(catalog),
    discovery: { warnWhenNoEntities: false },
    schemaGenerator: { disableForeignKeys: true },
    ...settings,
  } as never);

/** The tables and views as SQL: schema/tables.sql. */
export async function tablesSql(catalog: Catalog): Promise<string> {
  const orm = await openOrm(catalog);
  try {
    const create = await orm.schema.getCreateSchemaSQL({ wrap: false });
    const views = claimViews(catalog).map(viewSql);
    return `create extension if not exists pg_trgm;\n\n${create.trim()}\n\n${views.join(';\n\n')};\n`;
  } finally {
    await orm.close(true);
  }
}
