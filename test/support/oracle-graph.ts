/**
 * The graph in a few lines: graphql-js over rows in memory, with the policy as plain predicates. It shares the schema
 * and the policy with the hub, but nothing of the query compiler.
 */
import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
} from 'graphql';
import { maskValue } from '../../src/access/masks.ts';
import type { Policy } from '../../src/access/policy.ts';
import { holds, type PlainRow } from '../../src/access/rows.ts';
import { type Catalog, isStated, isStored, type Link, type Noun, type StoredNoun } from '../../src/catalog/catalog.ts';
import { HubError } from '../../src/domain/error-codes.ts';
import type { LiveRecord, Lookup } from '../../src/ingest/lookup.ts';
import type { Store } from '../../src/store/apply.ts';
import type { Identity } from '../../src/store/identity.ts';
import { graphValue, instantOf, type TownInMemory } from './town-in-memory.ts';
import { matches, type Row, sorted, type Where } from './where-model.ts';

/** The context of one execution. */
export interface OracleContext {
  readonly policy: Policy;
  readonly seen: Map<string, readonly Seen[]>;
}
/** A row that the reader may see. */
interface Seen {
  readonly noun: Noun;
  readonly row: PlainRow;
  readonly whole: boolean;
  /** Identifies what a live record is about. */
  readonly key?: string;
}
type Resolve = GraphQLFieldResolver<never, OracleContext, never>;
interface ListArgs {
  where?: Where | null;
  orderBy?: string[] | null;
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
}
interface List {
  readonly rows: readonly Seen[];
  readonly total: number;
  readonly more: boolean;
  readonly args: ListArgs;
}

/** Gives every field of this schema a resolver of its own. */
export function makeOracle(
  schema: GraphQLSchema,
  { catalog, identity }: Store,
  town: TownInMemory,
  lookup: Lookup,
): GraphQLSchema {
  const oracle = new Oracle(catalog, identity, town, lookup);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isInterfaceType(type)) type.resolveType = (seen: Seen) => seen.noun.name;
    if (!(type instanceof GraphQLObjectType)) continue;
    for (const field of Object.values(type.getFields())) {
      field.resolve = awaited(oracle.resolver(type.name, field.name) ?? (defaultFieldResolver as Resolve)) as never;
    }
  }
  return schema;
}

/**
 * Wraps the items of a list in promises one by one. Where an item fails at once, graphql-js abandons the other
 * promises, so nobody would handle their failures.
 */
function awaited(resolve: Resolve): Resolve {
  const each = (value: unknown) => (Array.isArray(value) ? value.map(async item => item) : value);
  return (...given) => {
    const value = resolve(...given);
    return value instanceof Promise ? value.then(each) : each(value);
  };
}

class Oracle {
  constructor(
    private readonly catalog: Catalog,
    private readonly identity: Identity,
    private readonly town: TownInMemory,
    private readonly lookup: Lookup,
  ) {}

  resolver(type: string, field: string): Resolve | undefined {
    if (type === 'Query') return this.root(field);
    if (type.endsWith('Connection') || type.endsWith('Edge')) return this.part(field);
    const noun = this.catalog.nouns.get(type);
    return noun ? this.member(noun, field) : undefined;
  }

  private root(field: string): Resolve | undefined {
    if (field === 'node') return this.node;
    if (field === 'search') return this.search;
    for (const noun of this.catalog.all()) {
      if (noun.kind.plural === field)
        return (_: unknown, args: ListArgs, { policy, seen }: OracleContext) =>
          this.list(noun, args, policy, this.visible(noun, policy, seen));
      if (lower(noun.name) === field)
        return (_: unknown, args: Record<string, unknown>, context: OracleContext) => this.byKey(noun, args, context);
    }
    return undefined;
  }

  private member(noun: Noun, field: string): Resolve | undefined {
    const column = noun.columns.get(field);
    if (column) return ((seen: Seen, _: unknown, { policy }: OracleContext) => shown(seen, field, policy)) as Resolve;
    if (field === 'id') return (({ row }: Seen) => `${noun.name}:${row.id}`) as Resolve;
    if (field === 'observedAt')
      return (({ row, whole }: Seen, _: unknown, { policy }: OracleContext) =>
        policy.statementTime(noun, whole) === 'whole' ? instantOf(String(row.observed_at)) : null) as Resolve;
    if (field === 'asOf')
      return (({ row, whole }: Seen, _: unknown, { policy }: OracleContext) =>
        row.as_of && policy.statementTime(noun, whole) === 'whole' ? instantOf(String(row.as_of)) : null) as Resolve;
    if (field === 'source') return source as Resolve;
    if (field === 'spellings') return spellings as Resolve;
    if (field === 'masked') return masked as Resolve;
    if (field === 'heading') return this.heading as Resolve;
    if (field === 'records') return this.records as Resolve;
    if (field === 'conflicts') return this.conflicts as Resolve;
    const relation = noun.relations.get(field);
    if (!relation) return undefined;
    const { to, link, many, live } = relation;
    if (live) return ((seen: Seen, _: unknown, { policy }: OracleContext) => this.live(to, seen, policy)) as Resolve;
    if (!isStored(to)) return undefined;
    if (!many)
      return ((seen: Seen, _: unknown, context: OracleContext) =>
        this.one(to, seen.row[link.column], context)) as Resolve;
    return ((seen: Seen, args: ListArgs, { policy, seen: known }: OracleContext) => {
      demand(to, policy);
      return this.list(
        to,
        args,
        policy,
        this.visible(to, policy, known).filter(({ row }) => row[link.column] === seen.row.id),
      );
    }) as Resolve;
  }

  private part(field: string): Resolve | undefined {
    const parts: Record<string, (list: List) => unknown> = {
      nodes: list => list.rows,
      edges: list => list.rows,
      totalCount: list => list.total,
      pageInfo: ({ rows, more, args }) => {
        const backward = args.last !== null && args.last !== undefined;
        return {
          hasNextPage: backward ? Boolean(args.before) : more,
          hasPreviousPage: backward ? more : Boolean(args.after),
          startCursor: rows[0] ? cursorOf(rows[0]) : null,
          endCursor: rows.at(-1) ? cursorOf(rows.at(-1)!) : null,
        };
      },
      cursor: row => cursorOf(row as never),
      node: row => row,
    };
    return parts[field] as Resolve | undefined;
  }

  private visible(noun: StoredNoun, policy: Policy, known: OracleContext['seen']): readonly Seen[] {
    demand(noun, policy);
    const found = known.get(noun.name);
    if (found) return found;
    const { rows, world } = this.town;
    const seen = rows
      .get(noun.name)!
      .filter(row => holds(policy.rows(noun), row, world))
      .map(row => ({ noun, row, whole: holds(policy.whole(noun), row, world) }));
    known.set(noun.name, seen);
    return seen;
  }

  private list(noun: StoredNoun, args: ListArgs, policy: Policy, among: readonly Seen[]): List {
    for (const name of fieldsIn(args.where ?? {})) demandTestable(noun, name, policy);
    const backward = given(args.last);
    if (backward && given(args.first)) throw new HubError('BAD_USER_INPUT', 'both');
    const size = (backward ? args.last : args.first) ?? 20;
    if (size < 0 || size > 200) throw new HubError('BAD_USER_INPUT', 'size');
    for (const order of args.orderBy ?? []) demandOrder(noun, order.split(' ')[0]!, policy);
    const cursors = [args.after, args.before].map(cursor => (cursor ? this.placeOf(noun, cursor, policy) : null));
    const tested = (row: PlainRow) => testable(noun, row, policy);
    const fitting = among.filter(({ row }) => matches(noun, tested(row), args.where ?? {}));
    const byId = new Map(among.map(seen => [String(seen.row.id), seen]));
    const order = args.orderBy ?? [];
    const ordered = sorted(
      noun,
      fitting.map(({ row }) => tested(row)),
      order,
    );
    const [after, before] = cursors.map(row => (row ? tested(row) : null));
    const precedes = (a: Row, b: Row) => a.id !== b.id && sorted(noun, [a, b], order)[0] === a;
    const between = ordered.filter(row => (!after || precedes(after, row)) && (!before || precedes(row, before)));
    const page = backward ? between.slice(Math.max(0, between.length - size)) : between.slice(0, size);
    return { rows: page.map(row => byId.get(row.id)!), total: fitting.length, more: between.length > size, args };
  }

  private placeOf(noun: StoredNoun, cursor: string, policy: Policy): PlainRow {
    const hex = Buffer.from(cursor, 'base64url').toString('hex');
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    const row = this.town.world.byId(noun.name, id);
    if (!row || !holds(policy.rows(noun), row, this.town.world)) throw new HubError('CURSOR_MALFORMED', 'foreign');
    return row;
  }

  private byKey(noun: StoredNoun, args: Record<string, unknown>, { policy, seen }: OracleContext): Seen | null {
    const among = this.visible(noun, policy, seen);
    const keys = noun.kind.key.filter(name => given(args[name]));
    if (!policy.mayFind(noun)) throw new HubError('FILTER_FORBIDDEN', 'masked');
    const wanted = keys.map(name => noun.columns.get(name)!.field.format?.normalise(String(args[name])) ?? args[name]);
    const own = (row: PlainRow) => (policy.findsPersons ? plain(noun, row) : testable(noun, row, policy));
    const found = among.filter(({ row }) => keys.every((name, i) => own(row)[name] === wanted[i]));
    const rest = noun.kind.key.slice(keys.length).map(name => `${name} desc`);
    const latest = [...found].sort((a, b) => {
      const [x, y] = [a, b].map(({ row }) => plain(noun, row));
      if (rest.length && rest.some(order => x![order.split(' ')[0]!] !== y![order.split(' ')[0]!]))
        return sorted(noun, [x!, y!], rest)[0] === x ? -1 : 1;
      return comparableInstant(b) - comparableInstant(a) || (String(a.row.id) < String(b.row.id) ? -1 : 1);
    });
    return latest[0] ?? null;
  }

  private one(noun: StoredNoun, id: unknown, { policy, seen }: OracleContext): Seen | null {
    return this.visible(noun, policy, seen).find(({ row }) => row.id === id) ?? null;
  }

  private readonly node: Resolve = (_: unknown, { id }: { id: string }, context: OracleContext) => {
    const [, name, key] = /^(\w+):([0-9a-f-]{36})$/.exec(id) ?? [];
    const noun = name && this.catalog.nouns.get(name);
    if (!noun || !isStored(noun)) throw new HubError('BAD_USER_INPUT', 'id');
    return this.one(noun, key, context);
  };

  private readonly search: Resolve = (
    _: unknown,
    { text, first }: { text: string; first: number },
    { policy, seen }: OracleContext,
  ) => {
    const wanted = text.trim();
    if (!wanted || text.length > 100 || first < 1 || first > 50) throw new HubError('BAD_USER_INPUT', 'search');
    return ['Person', 'Organisation', 'Case', 'Licence', 'Matter', 'PowerListEntry', 'Region', 'Agency']
      .map(name => this.catalog.stored(name))
      .filter(noun => policy.sees(noun))
      .flatMap(noun =>
        this.visible(noun, policy, seen)
          .filter(({ row }) => isFound(noun, testable(noun, row, policy), wanted, policy))
          .sort(byId)
          .slice(0, first),
      )
      .slice(0, first);
  };

  private readonly records = (seen: Seen, { first }: { first: number }, { policy, seen: known }: OracleContext) => {
    if (first < 0 || first > 200) throw new HubError('BAD_USER_INPUT', 'first');
    const found = new Map<string, Seen>();
    for (const { to, link, many, live } of seen.noun.relations.values()) {
      if (!many || live || !isStored(to) || !isStated(to) || !policy.sees(to)) continue;
      for (const other of this.visible(to, policy, known))
        if (other.row[link.column] === seen.row.id) found.set(String(other.row.id), other);
    }
    return [...found.values()]
      .sort((a, b) => comparableInstant(b) - comparableInstant(a) || byId(a, b))
      .slice(0, first);
  };

  private readonly heading = ({ noun, row }: Seen, _: unknown, context: OracleContext) => {
    const told = noun.kind.heading!.parts.map(places => {
      const values = places.map(place => {
        const [role, name] = place.split('.') as [string, string];
        const { to, link } = noun.relations.get(role)!;
        if (!isStored(to) || !context.policy.sees(to)) return null;
        const other = this.one(to, row[link.column], context);
        return other && shown(other, name, context.policy);
      });
      return values.find(given);
    });
    return told.filter(given).join(' · ') || null;
  };

  private readonly conflicts = ({ noun, row }: Seen, _: unknown, { policy, seen: known }: OracleContext) => {
    const claims = this.catalog.all().flatMap(other =>
      other.links
        .filter(link => link.target === noun && policy.sees(other))
        .flatMap(link =>
          this.visible(other, policy, known)
            .filter(seen => seen.row[link.column] === row.id)
            .flatMap(seen => claimsOf(noun, other, link, seen, policy)),
        ),
    );
    const facts = [...Map.groupBy(claims, claim => claim.fact)].sort(([a], [b]) => (a < b ? -1 : 1));
    return facts
      .filter(([, list]) => new Set(list.map(claim => comparable(claim.said))).size > 1)
      .map(([fact, list]) => ({ fact, claims: list.sort(byClaim) }));
  };

  private async live(noun: Noun, { row, noun: parent, whole }: Seen, policy: Policy): Promise<Seen[]> {
    if (!policy.sees(noun) || !policy.may('lookup')) throw new HubError('FORBIDDEN', 'live');
    const key = row[parent.columns.get(parent.kind.key[0]!)!.column];
    if (key === null || key === undefined) return [];
    const [answer] = await this.lookup(noun.name, [String(key)]);
    if (answer instanceof HubError) throw answer;
    return (answer as readonly LiveRecord[]).map(record => ({
      noun,
      row: this.liveRow(noun, record),
      whole,
      key: String(key),
    }));
  }

  private liveRow(noun: Noun, { statement, values, spellings: given, agency }: LiveRecord): PlainRow {
    const fields = [...noun.columns.values()].map(({ name, column }) => [column, values[name] ?? null]);
    const links = noun.links.map(({ column, target, from }) => {
      const parts = from.map(field => values[field] ?? null);
      return [column, parts.includes(null) ? null : this.identity.ofNoun(target, parts.join('@'))];
    });
    const { sourceId, version, asOf } = statement;
    const id = this.identity.ofRecord(noun.name, agency, sourceId);
    const head = { id, agency, source_id: sourceId, version, as_of: asOf ?? null };
    return {
      ...Object.fromEntries([...fields, ...links]),
      ...head,
      spellings: given.length ? JSON.stringify(given) : null,
    };
  }
}

const lower = (name: string) => name[0]!.toLowerCase() + name.slice(1);
const given = (value: unknown) => value !== null && value !== undefined;
const byId = (a: Seen, b: Seen) => (String(a.row.id) < String(b.row.id) ? -1 : 1);
const cursorOf = ({ row }: Seen) => Buffer.from(String(row.id).replaceAll('-', ''), 'hex').toString('base64url');
/** The instant in microseconds, which is comparable. */
const comparableInstant = ({ row }: Seen) => {
  const [whole, fraction = ''] = String(row.observed_at).replace('+00', '').split('.');
  return Date.parse(`${whole!.replace(' ', 'T')}Z`) * 1000 + Number(fraction.padEnd(6, '0'));
};

function demand(noun: StoredNoun, policy: Policy): void {
  if (!policy.sees(noun)) throw new HubError('FORBIDDEN', noun.name);
}
function demandTestable(noun: StoredNoun, name: string, policy: Policy): void {
  if (!policy.mayFilter(noun, name)) throw new HubError('FILTER_FORBIDDEN', name);
}
function demandOrder(noun: StoredNoun, name: string, policy: Policy): void {
  demandTestable(noun, name, policy);
  if (noun.columns.get(name)?.field.format?.personPrefix && policy.whole(noun) !== 'all')
    throw new HubError('FILTER_FORBIDDEN', name);
}
const fieldsIn = (where: Where): string[] =>
  Object.entries(where).flatMap(([name, test]) => {
    if (!given(test)) return [];
    if (name === 'not') return fieldsIn(test as Where);
    return name === 'and' || name === 'or' ? (test as Where[]).flatMap(fieldsIn) : [name];
  });

const plain = (noun: Noun, row: PlainRow): Row =>
  ({
    id: String(row.id),
    ...Object.fromEntries(
      [...noun.columns.values()].map(({ name, column, field }) => [name, graphValue(field.scalar, row[column])]),
    ),
  }) as Row;
/** For readers who see persons masked, an identifier that names a person has no value. */
function testable(noun: StoredNoun, row: PlainRow, policy: Policy): Row {
  const values: Record<string, unknown> = { ...plain(noun, row) };
  for (const { name, field } of noun.columns.values()) {
    const prefix = field.format?.personPrefix;
    if (prefix && policy.whole(noun) !== 'all' && String(values[name] ?? '').startsWith(prefix)) values[name] = null;
  }
  return values as Row;
}

function shown({ noun, row, whole }: Seen, name: string, policy: Policy): unknown {
  const { column, field } = noun.columns.get(name)!;
  const value = graphValue(field.scalar, row[column]);
  const view = policy.field(noun, name, whole, value);
  return view === 'whole' ? value : maskValue(view, field.scalar, value);
}
function masked({ noun, row, whole }: Seen, _: unknown, { policy }: OracleContext): string[] {
  const columns = [...noun.columns.values()].filter(
    ({ name, column }) => policy.field(noun, name, whole, row[column]) !== 'whole',
  );
  const time = !isStated(noun) || policy.statementTime(noun, whole) === 'whole' ? [] : ['asOf', 'observedAt'];
  return [...columns.map(({ name }) => name), ...(columns.length && noun.heading.length ? ['heading'] : []), ...time];
}
function source({ noun, row, whole }: Seen, _: unknown, { policy }: OracleContext) {
  const view = policy.sourceId(noun, whole);
  return {
    agency: row.agency,
    sourceId: view === 'whole' ? row.source_id : maskValue(view, 'text', row.source_id),
    version:
      policy.statementTime(noun, whole) === 'whole' && policy.sourceId(noun, whole) === 'whole'
        ? row.version
        : maskValue('stars', 'text', row.version),
  };
}
function spellings({ noun, row, whole }: Seen, _: unknown, { policy }: OracleContext) {
  const list = (row.spellings ? JSON.parse(String(row.spellings)) : []) as {
    field: string;
    raw: unknown;
    normalised: unknown;
  }[];
  return list.map(({ field, raw, normalised, ...rest }) => {
    const view = policy.field(noun, field, whole, normalised);
    if (view === 'whole') return { ...rest, field, raw, normalised };
    return { ...rest, field, raw: null, normalised: maskValue(view, 'text', normalised) };
  });
}
function isFound(noun: StoredNoun, row: Row, text: string, policy: Policy): boolean {
  return [...noun.columns.values()].some(({ name, field }) => {
    if (!policy.mayFilter(noun, name) || !given(row[name])) return false;
    if (field.format && noun.kind.key.includes(name)) {
      const key = field.format.normalise(text);
      return !field.format.faults(key).length && row[name] === key;
    }
    return Boolean(field.searched) && String(row[name]).toLowerCase().includes(text.toLowerCase());
  });
}

function claimsOf(noun: Noun, kind: StoredNoun, link: Link, seen: Seen, policy: Policy) {
  return link.states.flatMap(([fact, name]) => {
    const said = seen.row[kind.columns.get(name)!.column];
    if (!given(said)) return [];
    const view = policy.field(noun, fact, seen.whole);
    const value = view === 'whole' ? said : maskValue(view, noun.columns.get(fact)!.field.scalar, said);
    const { row } = seen;
    return [
      {
        fact,
        said: String(said),
        value,
        agency: String(row.agency),
        kind: kind.name,
        record: seen,
        observedAt: policy.statementTime(kind, seen.whole) === 'whole' ? instantOf(String(row.observed_at)) : null,
        asOf: row.as_of && policy.statementTime(kind, seen.whole) === 'whole' ? instantOf(String(row.as_of)) : null,
      },
    ];
  });
}
type SaidClaim = ReturnType<typeof claimsOf>[number];
const orderOf = ({ agency, kind, record }: SaidClaim) => `${agency}\0${kind}\0${record.row.id}`;
const byClaim = (a: SaidClaim, b: SaidClaim) => (orderOf(a) < orderOf(b) ? -1 : 1);
const comparable = (value: string) =>
  value
    .normalize('NFKC')
    .replaceAll(/\s/g, '')
    .replaceAll(/[•．・.]/g, '·');
