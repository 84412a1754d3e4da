/** Groups of a list in a plan: a branch of their statement, and the writer of what is told of them. */
import type { Relation, StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { KeySource } from '../fetch.ts';
import type { Where } from '../filters.ts';
import { plainWriter } from '../plan-plain.ts';
import type { Planner } from '../planner.ts';
import type { Run, Written } from '../run.ts';
import type { Scope } from '../scope.ts';
import type { TimeUnit } from '../time-units.ts';
import { typeOf, type Wanted } from '../wanted.ts';
import { groupsSql } from './groups-sql.ts';
import { pageOfRows } from './page-groups.ts';
import {
  type GroupKey,
  type GroupPage,
  type GroupQuestion,
  largestGroupPage,
  type Measure,
  mostKeys,
} from './question.ts';

/** The rows that are grouped. */
export interface GroupedList {
  readonly where?: Where | null;
  readonly asOf: string | null;
  readonly parent: { readonly relation: Relation } | null;
  /** Ids of the parents. */
  readonly source: KeySource | null;
}
type WritePart = (key: string, run: Run) => Written;
type Group = GroupPage['groups'][number];

/** What is wrong with the question is wrong with the groups, not with the list. */
export function groupsWriter(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  wanted: Wanted,
  list: GroupedList,
): WritePart {
  let part: WritePart | null = null;
  const failed = planner.orFailing(wanted, () => {
    part = planGroups(planner, noun, depth, wanted, list);
    return (_row, run) => run.write('null');
  });
  return part ?? ((_key, run) => failed([], run));
}

function planGroups(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  wanted: Wanted,
  { where, asOf, parent, source }: GroupedList,
): WritePart {
  const { catalog, policy } = planner;
  const question = questionOf(wanted, noun);
  demandFitting(question);
  const level = planner.level(depth);
  const scope: Scope = { catalog, policy, values: level.values, asOf };
  const sql = groupsSql(scope, noun, where, parent?.relation ?? null, question);
  const fetch = planner.plainFetch(level, source);
  level.isWeighed ||= !sql.rolledUp;
  const cells = sql.columns.map((column, i) => fetch.cell(`$${i}`, () => column));
  fetch.reads(parent ? 'uuid' : null, (select, keys) => {
    // Made apart: PostgreSQL would sort all rows to have the groups in order, where a hash of them and a sort of few groups do.
    const inner = (key: string) => `with g as materialized (${sql.groups}) select ${select(key)} from g ${sql.page}`;
    if (!parent) return inner('null');
    return `select x.* from unnest(${keys}) p(id) cross join lateral (${inner('p.id::text')}) x`;
  });
  const write = pageWriter(wanted, noun);
  return (key, run) => {
    try {
      const rows = run.rows(fetch, key).map(row => cells.map(at => row[at]!));
      return run.write(write(pageOfRows(rows, sql, question)));
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      run.fail(error, wanted);
      return run.write('null');
    }
  };
}
/** Reads from what is selected what is asked: what is wanted of a key groups the rows, the rest measures the groups. */
function questionOf(wanted: Wanted, noun: StoredNoun): GroupQuestion {
  const keys = new Map<string, GroupKey>();
  const measures = new Map<string, Measure>();
  for (const nodes of wanted.of(`${noun.name}Groups`)) {
    if (nodes.read.kind !== 'groupNodes') continue;
    for (const part of nodes.of(`${noun.name}Group`)) {
      if (part.read.kind === 'groupKey') readKeys(part, noun, [], [part.key], keys);
      else if (part.read.kind === 'measure') measures.set(part.key, measureOf(part));
    }
  }
  const { having, orderBy, limit, skip } = wanted.args as unknown as GroupQuestion;
  return {
    keys: [...keys.values()],
    measures: [...measures.values()],
    having: having ?? [],
    orderBy: orderBy ?? [],
    limit,
    skip,
  };
}

function readKeys(
  wanted: Wanted,
  noun: StoredNoun,
  path: readonly Relation[],
  names: readonly string[],
  keys: Map<string, GroupKey>,
): void {
  for (const part of wanted.of(`${noun.name}Key`)) {
    const { read, args, key } = part;
    if (part.problem) throw part.problem;
    const name = [...names, key];
    if (read.kind === 'keyPart') {
      readKeys(part, read.relation.to as StoredNoun, [...path, read.relation], name, keys);
    } else if (read.kind === 'keyField') {
      const per = (args.per as TimeUnit | undefined) ?? 'DAY';
      keys.set(name.join('.'), { name: name.join('.'), path, field: fieldOf(part), per });
    }
  }
}

function measureOf(wanted: Wanted): Measure {
  if (wanted.problem) throw wanted.problem;
  const take = fieldOf(wanted);
  const byField = take === 'countDistinct' || take === 'earliest' || take === 'latest';
  return { name: wanted.key, take, ...(byField ? { field: wanted.args.of } : wanted.args) } as Measure;
}
const fieldOf = ({ label }: Wanted): string => label.slice(label.indexOf('.') + 1);

function demandFitting({ keys, measures, having, orderBy, limit, skip }: GroupQuestion): void {
  if (keys.length > mostKeys) bad(`Groups have at most ${mostKeys} keys`);
  if (limit < 0 || limit > largestGroupPage) bad(`\`limit\` of groups goes from 0 to ${largestGroupPage}`);
  if (skip < 0) bad('`skip` cannot be negative');
  const numbers = measures.filter(({ take }) => take !== 'earliest' && take !== 'latest').map(m => m.name);
  const names = [...keys, ...measures].map(({ name }) => name);
  for (const { of } of having) if (!numbers.includes(of)) unknown('having', numbers);
  for (const { by } of orderBy) if (!names.includes(by)) unknown('orderBy', names);
}
const unknown = (argument: string, names: readonly string[]) =>
  bad(`\`${argument}\` names nothing that is selected here: ${names.join(', ') || 'nothing is'}`);
function bad(message: string): never {
  throw new HubError('BAD_USER_INPUT', message);
}

function pageWriter(wanted: Wanted, noun: StoredNoun): (page: GroupPage) => string {
  const parts = wanted.of(`${noun.name}Groups`);
  const writers = new Map(parts.map(part => [part, groupWriter(part, noun)]));
  const write = (groups: readonly Group[], one: (group: Group) => string) => {
    let text = '[';
    for (const group of groups) text += text === '[' ? one(group) : `,${one(group)}`;
    return `${text}]`;
  };
  return ({ groups, ...facts }) => plainWriter(parts, nodes => write(groups, writers.get(nodes)!))(facts);
}

/** Made once for all groups of an answer. */
function groupWriter(nodes: Wanted, noun: StoredNoun): (group: Group) => string {
  if (nodes.read.kind !== 'groupNodes') return () => 'null';
  return members(nodes.of(`${noun.name}Group`), part =>
    part.read.kind === 'groupKey' ? keyWriter(part, part.key) : valueWriter(part.key),
  );
}

/** The type of a key is named after its noun, so it tells which selections are its own. */
function keyWriter(wanted: Wanted, path: string): (group: Group) => string {
  return members(wanted.of(keyTypeOf(wanted)), part => {
    const name = `${path}.${part.key}`;
    return part.read.kind === 'keyPart' ? keyWriter(part, name) : valueWriter(name);
  });
}
function keyTypeOf({ read, label }: Wanted): string {
  return read.kind === 'keyPart' ? `${read.relation.to.name}Key` : `${label.slice(0, label.indexOf('Group.'))}Key`;
}

function members(parts: readonly Wanted[], writerOf: (part: Wanted) => (group: Group) => string) {
  const writers = parts.map((part, i) => ({
    head: `${i ? ',' : ''}"${part.key}":`,
    write: part.read.kind === 'typename' ? () => `"${typeOf(part)}"` : writerOf(part),
  }));
  return (group: Group): string => {
    let text = '{';
    for (const { head, write } of writers) text += head + write(group);
    return `${text}}`;
  };
}
const valueWriter = (name: string) => (group: Group) => JSON.stringify(group[name] ?? null);
