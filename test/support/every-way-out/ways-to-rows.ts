/** Ways that show records: lists, keys, ids, relations, what all agencies say, and the past. */
import { holds, type PlainRow } from '../../../src/access/rows.ts';
import { isStored, type StoredNoun } from '../../../src/catalog/catalog.ts';
import type { Reader } from './readers.ts';
import type { Walk } from './walk.ts';

const single = ({ name }: StoredNoun): string => name[0]!.toLowerCase() + name.slice(1);
const connection = (walk: Walk, { name }: StoredNoun) => walk.selections.object(`${name}Connection`);

/** Requests all nouns, including those that are refused. */
export async function rows(walk: Walk, reader: Reader): Promise<void> {
  const list = (noun: StoredNoun, args: string) =>
    `${noun.kind.plural}(${args}) { ${walk.selections.page(connection(walk, noun))} }`;
  const way = 'rows';
  const first = reader.isRepeated ? 5 : reader.look === 'no purpose' ? 20 : 40;
  await walk.askAll(
    reader,
    way,
    walk.nouns.map(noun => list(noun, `first: ${first}`)),
  );
  if (reader.isRepeated) return;
  const now = JSON.stringify(new Date().toISOString());
  await walk.askAll(
    reader,
    'rows of a moment',
    walk.nouns.map(noun => list(noun, `first: 5, asOf: ${now}`)),
  );
}

/** For each noun, the record that shows most of what a reader sees: a whole one if there is one. */
export function chosen(walk: Walk, { policy }: Reader, noun: StoredNoun): Readonly<Record<string, unknown>> | null {
  const { rows: all, world } = walk.truth.town;
  const seen = all.get(noun.name)!.filter(row => holds(policy.rows(noun), row, world));
  return seen.find(row => holds(policy.whole(noun), row, world)) ?? seen[0] ?? all.get(noun.name)![0] ?? null;
}
const chosenId = (walk: Walk, reader: Reader, noun: StoredNoun): string | null => {
  const row = chosen(walk, reader, noun);
  return row && `${noun.name}:${row.id}`;
};

export async function byKey(walk: Walk, reader: Reader): Promise<void> {
  const roots = walk.nouns.flatMap(noun => {
    const row = chosen(walk, reader, noun);
    if (!row) return [];
    const args = noun.kind.key.map(name => {
      const { column, field } = noun.columns.get(name)!;
      const bare = field.table || field.scalar === 'integer';
      return `${name}: ${bare ? row[column] : JSON.stringify(row[column])}`;
    });
    return [`${single(noun)}(${args.join(', ')}) { ${walk.selections.own(walk.selections.object(noun.name))} }`];
  });
  await walk.askAll(reader, 'record by key', roots);
}

export async function byId(walk: Walk, reader: Reader): Promise<void> {
  const roots = walk.nouns.flatMap(noun => {
    const id = chosenId(walk, reader, noun);
    const own = walk.selections.own(walk.selections.object(noun.name));
    const telling = isOneOfTwo(reader) ? tellingIds(walk, noun) : [];
    return [...new Set([...(id ? [id] : []), ...telling])].map(each => nodeOf(noun, each, own));
  });
  await walk.askAll(reader, 'record by id', roots);
}

/**
 * One reader who sees everything whole and one who sees everything masked: to these two, every field with a value is
 * shown.
 */
const isOneOfTwo = ({ role, look }: Reader): boolean => role === 'clerk' && (look === 'task' || look === 'no purpose');

/** Records in which each personal field has a value, as far as such records exist. */
function tellingIds(walk: Walk, noun: StoredNoun): string[] {
  const all = walk.truth.town.rows.get(noun.name)!;
  const found = [...noun.columns.values()].flatMap(({ column, field }) => {
    const prefix = field.sensitivity === 'personal' ? '' : field.format?.personPrefix;
    return prefix === undefined
      ? []
      : (all.find(row => row[column] !== null && String(row[column]).startsWith(prefix)) ?? []);
  });
  return found.map(row => `${noun.name}:${(row as PlainRow).id}`);
}

const ways: Readonly<Record<string, string>> = { records: 'records', conflicts: 'claims' };
/** Everything that a noun leads to: from the chosen record, and from some records of a list. */
export async function nested(walk: Walk, reader: Reader): Promise<void> {
  const wanted = walk.nouns.filter(noun => reader.policy.sees(noun)).flatMap(noun => leading(walk, reader, noun));
  for (const [way, parts] of Map.groupBy(wanted, part => part.way))
    await walk.askAll(
      reader,
      way,
      parts.map(part => part.root),
    );
}

function leading(walk: Walk, reader: Reader, noun: StoredNoun): { way: string; root: string }[] {
  const id = chosenId(walk, reader, noun);
  return walk.selections.leading(noun.name, 2).flatMap(([name, text]) => {
    const relation = noun.relations.get(name);
    const way = relation?.live ? 'live records' : (ways[name] ?? (relation?.many ? 'rows below' : 'row above'));
    const some = relation?.many && isStored(relation.to) && reader.policy.sees(relation.to) && !relation.live;
    const list = `${noun.kind.plural}(first: 4${some ? `, where: { ${name}: { some: {} } }` : ''})`;
    if (way === 'claims') {
      const part = text.includes('record {') ? way : 'claims alone';
      return disputed(walk, reader, noun).map(each => ({ way: part, root: nodeOf(noun, each, text) }));
    }
    if (relation?.live && isOneOfTwo(reader))
      return askedAbout(walk, noun).map(each => ({ way, root: nodeOf(noun, each, text) }));
    // To a reader who sees all rows alike, one record shows as much as another.
    const isSingled = reader.look === 'case' || reader.look === 'unmasked';
    return [
      { way, root: `${list} { nodes { __typename id ${text} } }` },
      ...(id && isSingled ? [{ way, root: nodeOf(noun, id, text) }] : []),
    ];
  });
}
/** Among persons, some of every kind that the police know: from elsewhere, dead, young and old. */
function askedAbout(walk: Walk, noun: StoredNoun): string[] {
  const all = walk.truth.town.rows.get(noun.name)!;
  const known = new Map(all.map(row => [row.resident_id, row]));
  const migrants = walk.township.residents.filter(({ migrant }) => migrant).slice(0, 12);
  const dead = walk.township.residents.filter(({ diedOn }) => diedOn !== null).slice(0, 6);
  const rows = noun.name === 'Person' ? [...migrants, ...dead].map(({ residentId }) => known.get(residentId)) : [];
  return [...rows.filter(row => row !== undefined), ...all.slice(0, 40)].map(row => `${noun.name}:${row.id}`);
}

const nodeOf = ({ name }: StoredNoun, id: string, text: string): string =>
  `node(id: "${id}") { __typename id ... on ${name} { ${text} } }`;

/** Some records on which agencies disagree: first those that the reader sees whole, about facts that are not public. */
function disputed(walk: Walk, { policy }: Reader, noun: StoredNoun): string[] {
  const { world } = walk.truth.town;
  const ids = walk.truth.disputed
    .filter(([name]) => name === noun.name)
    .map(([, id, fact]) => ({ id: id!, fact: fact! }));
  const isPersonal = (fact: string) => noun.columns.get(fact)!.field.sensitivity === 'personal';
  const ordered = ids.sort((a, b) => Number(isPersonal(b.fact)) - Number(isPersonal(a.fact)));
  const rows = ordered.map(({ id }) => world.byId(noun.name, id)).filter(row => row !== null);
  const whole = rows.filter(row => holds(policy.whole(noun), row, world));
  const others = rows.length ? rows : walk.truth.town.rows.get(noun.name)!;
  return [...new Set([...whole.slice(0, 6), ...others.slice(0, 6)])].map(row => `${noun.name}:${row.id}`);
}
