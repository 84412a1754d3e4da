/** Versions that were replaced since a position of the log: their keys in the history. */

/**
 * Rows of (record id, observed_at): the versions that changes of a kind after a position have replaced, including
 * changes that have no position yet. It is part of the statement that uses it, so that nothing is replaced in between.
 *
 * @param kind and `after` as SQL: bound values
 */
export const replacedSql = (kind: string, after: string): string => {
  const since = `coalesce((select max(first_position) from hub_batch where first_position <= ${after}::bigint + 1), 0)`;
  const replaced = `select c.record_id, c.replaced_at from hub_batch b join hub_change c on c.batch_id = b.id
    where c.kind = ${kind} and c.replaced_at is not null`;
  return `${replaced} and b.first_position is null
    union all ${replaced} and b.first_position >= ${since} and b.first_position + c.ordinal > ${after}::bigint`;
};
