/** Files that a random reader gets; their rows must follow from the rows that the reader can list. */
import { expect } from '@jest/globals';
import type { Random } from '../../seeds/township/model.ts';
import type { StoredNoun } from '../../src/catalog/catalog.ts';
import { type Listing, listed, randomQuestion } from './listed-readers.ts';
import { orderName, type Row, sorted } from './where-model.ts';

/** @param everything what a reader who sees everything has listed */
export const exportAccessPaths = (random: Random, everything: () => Listing) => ({
  'an export that is ordered': async (reader: Listing, noun: StoredNoun) => {
    const { where, fitting, allowed } = randomQuestion(random, reader, everything(), noun);
    const ordered = allowed.filter(({ field }) => !field.format?.personPrefix);
    const orders = ordered.length ? [`${random.pick(ordered).name} ${random.pick(['asc', 'desc'])}`] : [];
    const shown = [...noun.columns.keys()].filter(() => random.chance(0.5));
    const operation = `query ($where: ${noun.name}Where, $orderBy: [${noun.name}Order!]) { ${noun.kind.plural}(where: $where, orderBy: $orderBy) { nodes { id ${shown.join(' ')} } } }`;
    const variables = JSON.stringify({ where, orderBy: orders.map(orderName) });
    const { data, errors } = await reader.client.ask(
      'mutation ($operation: String!, $variables: String!) { orderExport(operation: $operation, variables: $variables, format: "ndjson") { path } }',
      { operation, variables },
    );
    expect(errors).toBeUndefined();
    const told = await exported(reader, reader.client.url + data.orderExport.path);
    const byId = new Map(listed(reader, noun).map(row => [row.id, row]));
    const expected = sorted(noun, fitting, orders).map(({ id }) =>
      Object.fromEntries(['id', ...shown].map(name => [name, byId.get(id)![name] ?? null])),
    );
    expect({ where, told }).toEqual({ where, told: expected });
  },

  'a ready-made export': async (reader: Listing) => {
    const entries = reader.rows.get('QuotaEntry') ?? null;
    const rows = (entries ?? []).filter(({ kind }) => kind === 'NEW_CONSTRUCTION');
    const groups = Map.groupBy(rows, ({ year, scope }) => `${year} ${scope}`);
    const mu = (list: readonly Row[], name: string) => list.reduce((sum, row) => sum + Number(row[name] ?? 0), 0);
    const told = await exported(reader, `${reader.client.url}/export/land-quota-share.ndjson`);
    if (!entries) return expect(told).toBeNull();
    type Sums = { key: { year: number; scope: string }; quotaMu: string; usedMu: string };
    const sums = (told as Sums[]).map(sum => [
      `${sum.key.year} ${sum.key.scope}`,
      { quotaMu: Number(sum.quotaMu), usedMu: Number(sum.usedMu) },
    ]);
    expect(Object.fromEntries(sums)).toEqual(
      Object.fromEntries(
        [...groups].map(([key, list]) => [key, { quotaMu: mu(list, 'quotaMu'), usedMu: mu(list, 'usedMu') }]),
      ),
    );
  },
});

/** Rows of a file; null when this reader has no access to the file. */
async function exported({ client: { headers } }: Listing, file: string): Promise<unknown[] | null> {
  const answer = await fetch(file, { headers });
  if (answer.status === 403) return null;
  expect(answer.status).toBe(200);
  return (await answer.text())
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line));
}
