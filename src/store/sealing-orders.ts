/** Sealing orders in the database: every process of the hub reads them. */
import type { SealingOrder } from '../domain/sealing-order.ts';
import { townDay } from '../domain/town-day.ts';
import type { Database } from './database.ts';

const insertSql = `
insert into hub_sealing_order (number, subject, until, ordered_by, ordered_at) values ($1, $2, $3, $4, now())
on conflict (number, subject) do nothing`;
const inForceSql = `select number, subject, until from hub_sealing_order where until >= $1`;

/** Returns false if such an order exists already; an order is never changed. */
export async function writeSealingOrder(database: Database, order: SealingOrder, orderedBy: string): Promise<boolean> {
  const { number, subject, until } = order;
  const { rowCount } = await database.pool.query(insertSql, [number, subject, until, orderedBy]);
  return rowCount === 1;
}

/** Whether there is such an order, even one that has ended. */
export async function hasSealingOrder(database: Database, number: string, subject: string): Promise<boolean> {
  const text = 'select from hub_sealing_order where number = $1 and subject = $2';
  return (await database.read(text, [number, subject])).length > 0;
}

export async function sealingOrdersInForce(database: Database): Promise<SealingOrder[]> {
  const rows = await database.read(inForceSql, [townDay(new Date())]);
  return rows.map(([number, subject, until]) => ({ number: number!, subject: subject!, until: until! }));
}
