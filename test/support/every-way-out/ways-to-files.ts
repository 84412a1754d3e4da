/** Ways on which files leave the hub: ordered exports, ready-made exports, and their manifests. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'graphql';
import type { StoredNoun } from '../../../src/catalog/catalog.ts';
import { project } from '../source-imports.ts';
import { csvRows } from './csv-rows.ts';
import { letThrough } from './let-through.ts';
import type { Reader } from './readers.ts';
import type { Json } from './told-cells.ts';
import { codesOf, refusals, type Walk } from './walk.ts';
import type { Watched } from './watched-request.ts';

const order = 'mutation ($o: String!, $f: String!) { orderExport(operation: $o, format: $f) { path expiresAt } }';

export async function files(walk: Walk, reader: Reader): Promise<void> {
  const seen = walk.nouns.filter(noun => reader.policy.sees(noun));
  const personal = seen.filter(({ columns }) =>
    [...columns.values()].some(({ field }) => field.sensitivity === 'personal'),
  );
  // For readers who see nobody whole, a few lists show as much as all lists.
  const isAll = reader.look === 'task' || reader.look === 'case';
  for (const noun of isAll ? personal : pickSome(walk, personal, 1)) await rowsFile(walk, reader, noun, 'ndjson');
  for (const noun of pickSome(walk, seen, 2)) await rowsFile(walk, reader, noun, 'csv');
  for (const noun of pickSome(walk, seen, 1)) {
    for (const format of ['csv', 'ndjson', 'arrow', 'parquet']) await groupsFile(walk, reader, noun, format);
  }
}
const pickSome = <T>(walk: Walk, list: readonly T[], count: number): T[] =>
  list.length ? Array.from({ length: count }, () => walk.random.pick(list)) : [];

async function ordered(
  walk: Walk,
  reader: Reader,
  way: string,
  operation: string,
  format: string,
): Promise<Watched | null> {
  const { data } = await walk.ask(reader, {
    way: 'answer of orderExport',
    text: order,
    variables: { o: operation, f: format },
  });
  const ticket = data.orderExport as { path: string } | null;
  if (!ticket) return null;
  const watched = await walk.watcher.ask(reader.subject, { path: ticket.path, headers: reader.headers });
  const manifest = /\/export\/manifests\/\S+/.exec(watched.head)?.[0];
  if (manifest) {
    const told = await walk.watcher.ask(reader.subject, { path: manifest, headers: reader.headers });
    walk.judge.plain('manifest of an export', reader, told.head + told.text);
  }
  if (watched.status === 200) return watched;
  walk.judge.plain(way, reader, watched.head + watched.text);
  const strange = codesOf(JSON.parse(watched.text) as Json).filter(code => !refusals.has(String(code)));
  if (strange.length) walk.judge.fault(way, reader, `was not written: ${strange} to ${operation}`);
  return null;
}

async function rowsFile(walk: Walk, reader: Reader, noun: StoredNoun, format: 'csv' | 'ndjson'): Promise<void> {
  const way = `file of rows, ${format}`;
  const one = [...noun.relations.values()].find(({ many, live, to }) => !many && !live && reader.policy.sees(to));
  const above = one ? `${one.name} { ${walk.selections.own(walk.selections.object(one.to.name))} }` : '';
  const operation = `{ ${noun.kind.plural} { nodes { ${walk.selections.own(walk.selections.object(noun.name))} ${above} } } }`;
  const watched = await ordered(walk, reader, way, operation, format);
  if (!watched) return;
  const document = parse(operation);
  const take = (nodes: readonly Json[], noted: Watched['noted'], beside: string) =>
    walk.judge.take({ way, reader, document, answer: { data: { [noun.kind.plural]: { nodes } } }, noted, beside });
  if (format === 'csv')
    return void take(
      csvRows(walk.selections.schema, document, watched.text),
      watched.parts.at(-1)?.noted ?? [],
      watched.head,
    );
  // A part of the answer can end within a line, and within a character of it.
  let rest = Buffer.alloc(0);
  for (const { bytes, noted } of watched.parts) {
    const all = Buffer.concat([rest, bytes]);
    const end = all.lastIndexOf('\n') + 1;
    take(linesOf(all.toString('utf8', 0, end)), noted, watched.head);
    rest = all.subarray(end);
  }
}

async function groupsFile(walk: Walk, reader: Reader, noun: StoredNoun, format: string): Promise<void> {
  const way = `file of groups, ${format}`;
  const [keys = ''] = walk.selections.keys(noun.name, 0);
  const operation = `{ ${noun.kind.plural} { groups { nodes { __typename count ${keys} } } } }`;
  const watched = await ordered(walk, reader, way, operation, format);
  if (!watched) return;
  const document = parse(operation);
  const isText = format === 'csv' || format === 'ndjson';
  // In the two binary table formats every byte is checked, without knowing which column it belongs to.
  if (!isText) return isLetThrough(noun) ? undefined : walk.judge.plain(way, reader, watched.head + watched.text);
  const nodes = format === 'csv' ? csvRows(walk.selections.schema, document, watched.text) : linesOf(watched.text);
  const answer = { data: { [noun.kind.plural]: { groups: { nodes } } } };
  walk.judge.take({ way, reader, document, answer, noted: watched.noted, beside: watched.head });
}

const isLetThrough = ({ name }: StoredNoun): boolean =>
  Object.keys(letThrough).some(place => place.startsWith(`${name}.`));

/** The files of the town's ready-made queries, for every reader. */
export async function readyMadeFiles(walk: Walk, reader: Reader): Promise<void> {
  const way = 'ready-made file';
  const names = readdirSync(path.join(project, 'schema/queries')).map(name => name.replace(/\.graphql$/, ''));
  for (const name of names) {
    const watched = await walk.watcher.ask(reader.subject, { path: `/export/${name}.ndjson`, headers: reader.headers });
    if (watched.status !== 200) {
      walk.judge.plain(way, reader, watched.head + watched.text);
      continue;
    }
    const document = parse(readFileSync(path.join(project, `schema/queries/${name}.graphql`), 'utf8'));
    const rows = linesOf(watched.text);
    const isShown = reader.policy.whole(walk.truth.catalog.stored('Person')) === 'all';
    const found = walk.judge.words.in(JSON.stringify(rows));
    if (!isShown) walk.judge.plain(way, reader, JSON.stringify(rows));
    else if (found.length && !watched.noted.length)
      walk.judge.fault(way, reader, `${name} shows somebody who is not noted`);
    walk.judge.answers.cells(document, null);
    walk.judge.plain(way, reader, watched.head);
  }
}

const linesOf = (text: string): Json[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Json);
