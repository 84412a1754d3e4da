/** Random queries about groups that a given reader may ask. */
import { isStored, type Noun, type Relation, type StoredNoun } from '../../src/catalog/catalog.ts';
import type { GroupKey, GroupQuery, Measure, Measured } from '../../src/query/groups/group-query.ts';
import { type TimeUnit, timeUnits } from '../../src/query/time-units.ts';
import { filterable, type RandomGround, randomGraphWhere } from './where-model.ts';

const isTime = (scalar: string) => scalar === 'date' || scalar === 'instant';

export function randomQuestion(ground: RandomGround, noun: StoredNoun): GroupQuery {
  const { random } = ground;
  const keys = Array.from({ length: random.below(4) }, (_, i) => randomKey(ground, noun, i)).filter(k => k !== null);
  const measures = Array.from({ length: 1 + random.below(4) }, (_, i) => randomMeasure(ground, noun, `m${i}`));
  return { keys, measures: measures.filter(m => m !== null), having: [], orderBy: [], limit: 1000, skip: 0 };
}

function randomKey(ground: RandomGround, noun: StoredNoun, i: number): GroupKey | null {
  const { random } = ground;
  const path: Relation[] = [];
  let place: Noun = noun;
  for (let depth = 0; depth < 2 && random.chance(0.4); depth++) {
    const links = [...place.relations.values()].filter(r => !r.many && !r.live && isStored(r.to) && ground.sees(r.to));
    if (!links.length) break;
    path.push(random.pick(links));
    place = path.at(-1)!.to;
  }
  const columns = filterable(place).filter(c => c.field.scalar !== 'decimal' && ground.mayFilter(place, c.name));
  if (!columns.length) return null;
  const {
    name: field,
    field: { scalar },
  } = random.pick(columns);
  const units = (Object.keys(timeUnits) as TimeUnit[]).filter(unit => scalar !== 'date' || unit !== 'HOUR');
  // Working days need a year that the calendar knows, and not every date of the town is in such a year.
  const per = random.pick(units.filter(unit => unit !== 'WORKING_DAY'));
  return { name: `key.k${i}`, path, field, per };
}

function randomMeasure(ground: RandomGround, noun: StoredNoun, name: string): Measure | null {
  const { random } = ground;
  const columns = filterable(noun).filter(c => ground.mayFilter(noun, c.name));
  const times = columns.filter(c => isTime(c.field.scalar)).map(c => c.name);
  const numbers = columns.filter(c => ['integer', 'decimal'].includes(c.field.scalar)).map(c => c.name);
  const take = random.pick([
    'count',
    'share',
    'countDistinct',
    'earliest',
    'latest',
    'sum',
    'avg',
    'min',
    'max',
    'quantile',
  ]);
  if (take === 'count' && random.chance(0.5)) return { name, take };
  if (take === 'count' || take === 'share') return { name, take, where: randomGraphWhere(ground, noun, 2) };
  if (take === 'countDistinct') return columns.length ? { name, take, field: random.pick(columns).name } : null;
  if (take === 'earliest' || take === 'latest') return times.length ? { name, take, field: random.pick(times) } : null;
  const span = () => ({ from: random.pick(times), to: random.pick(times) });
  const choices: Measured[] = [
    ...(numbers.length ? [{ field: random.pick(numbers) }] : []),
    ...(times.length ? [{ days: span() }] : []),
  ];
  if (!choices.length) return null;
  const of = random.pick(choices);
  if (take !== 'quantile') return { name, take: take as 'sum', of };
  return { name, take, of, at: random.pick([0, 0.1, 0.5, 0.9, 1]), exact: random.chance(0.5) };
}
