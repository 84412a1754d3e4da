/**
 * A query of groups as one statement: rows are grouped and measured by PostgreSQL, and labels made once for each group.
 */
import type { Scalar } from '../../../adapters/kit/record.ts';
import type { Relation, StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import { firstKnownDay, lastKnownDay } from '../../domain/working-days.ts';
import { caseRollupTable } from '../../store/case-rollup.ts';
import { demandSeen, envelopeFields, filterable, listTermsSql, type Tested, type Where, whereSql } from '../filters.ts';
import { demandValues } from '../given-tests.ts';
import { isPersonal, testsPersonal } from '../personal-tests.ts';
import { type Scope, tableSql, visibleSql } from '../scope.ts';
import { bucketSql, dayOfSql, labelSql, workingDayCountSql } from '../time-units.ts';
import type { GroupKey, GroupQuery, Measure, Measured, Span } from './group-query.ts';
import { isRolledUp, rolledUpSpan } from './rolled-up.ts';

/** The parts of a statement over groups `g`, and what its columns hold. */
export interface GroupsSql {
  /** Selects the groups `g`, for a parent `p` if the list belongs to one. */
  readonly groups: string;
  /** Tests, order and page of groups. */
  readonly page: string;
  /** Each as text: keys, measures, and, where it can happen, whether days lie outside of the calendar. */
  readonly columns: readonly string[];
  readonly asksForUnknownDays: boolean;
  readonly keyScalars: readonly Scalar[];
  /** Whether the few precomputed sums are read instead of the rows. */
  readonly rolledUp: boolean;
}

export function groupsSql(
  scope: Scope,
  noun: StoredNoun,
  where: Where | null | undefined,
  relation: Relation | null,
  query: GroupQuery,
): GroupsSql {
  const tests = query.measures.flatMap(measure => ('where' in measure ? [measure.where] : []));
  if ([where, ...tests].some(test => testsPersonal(noun, test))) throw aboutPersons();
  const rolledUp = !relation && isRolledUp(scope, noun, where, query);
  return new GroupsStatement({ ...scope, namesNobody: true }, noun, query, rolledUp).build(where, relation);
}

/** Groups leave no entry in the audit log, because they identify nobody: queries about persons must read rows. */
const aboutPersons = (): HubError =>
  new HubError(
    'FILTER_FORBIDDEN',
    'Personal fields are no keys, measures or tests of groups, whoever asks: ask for the rows instead',
  );

interface GroupColumn {
  readonly sql: string;
  readonly name: string;
  /** The expression of what is shown, computed once for each group. */
  readonly shown?: string;
}

const comparators = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
const isTime = (type: string) => type === 'timestamptz' || type === 'date';

class GroupsStatement {
  private readonly joins = new Map<string, { alias: string; sql: string }>();
  /** Conditions that are true for rows that cannot be counted in working days. */
  private readonly unknownDays: string[] = [];

  constructor(
    private readonly scope: Scope,
    private readonly noun: StoredNoun,
    private readonly query: GroupQuery,
    /** Whether sums are read instead of rows. */
    private readonly rolledUp: boolean,
  ) {}

  build(where: Where | null | undefined, relation: Relation | null): GroupsSql {
    const { scope, noun, query } = this;
    const terms = this.rolledUp
      ? `t.cases > 0 and ${whereSql(scope, noun, where)}`
      : listTermsSql(scope, noun, where, relation);
    const keys = query.keys.map(key => this.key(key));
    const measures = query.measures.map(measure => this.measure(measure));
    // There is always an aggregate, because without keys all rows are one group. It is added only if needed, because an
    // extra column costs a tenth.
    const isAggregate = keys.length > 0 || measures.length > 0;
    const asksForUnknownDays = this.unknownDays.length > 0 || !isAggregate;
    const columns: GroupColumn[] = [
      ...keys.map(({ group, label }, i) => ({ sql: group, name: `k${i}`, shown: label(`g.k${i}`) })),
      ...measures.map((sql, i) => ({ sql, name: `m${i}` })),
    ];
    if (asksForUnknownDays)
      columns.push({ sql: `bool_or(${this.unknownDays.join(' or ') || 'false'})`, name: 'unknown_days' });
    const table = this.rolledUp ? caseRollupTable : tableSql(noun, scope.asOf, scope.values);
    const from = `${table} t ${[...this.joins.values()].map(j => j.sql).join(' ')}`;
    const by = keys.length ? `group by ${keys.map((_, i) => i + 1).join(', ')}` : '';
    const made = columns.map(({ sql, name }) => `${sql} as ${name}`).join(', ');
    return {
      groups: `select ${made} from ${from} where ${terms} ${by}`,
      page: this.page(),
      columns: columns.map(({ name, shown = `g.${name}` }) => `(${shown})::text`),
      asksForUnknownDays,
      keyScalars: keys.map(key => key.scalar),
      rolledUp: this.rolledUp,
    };
  }

  private page(): string {
    const { keys, measures, having, orderBy, limit, skip } = this.query;
    const columnOf = (name: string) => {
      const key = keys.findIndex(k => k.name === name);
      return key >= 0 ? `g.k${key}` : `g.m${measures.findIndex(m => m.name === name)}`;
    };
    const tests = having.flatMap(({ of, ...test }, i) =>
      demandValues(test, `having[${i}]`).map(
        ([op, value]) =>
          `${columnOf(of)}::numeric ${comparators[op as keyof typeof comparators]} ${this.scope.values.add(value)}::numeric`,
      ),
    );
    const order = [
      ...orderBy.map(({ by, descending }) => `${columnOf(by)} ${descending ? 'desc' : 'asc'} nulls last`),
      ...keys.map((_, i) => `g.k${i} nulls last`),
    ];
    return `${tests.length ? `where ${tests.join(' and ')}` : ''} ${order.length ? `order by ${order.join(', ')}` : ''}
      limit ${limit + 1} offset ${skip}`;
  }

  private key({ path, field, per }: GroupKey) {
    const { values } = this.scope;
    const { alias, noun } = this.follow(path);
    const { sql, type } = this.field(noun, field, alias);
    const scalar: Scalar = field in envelopeFields ? 'text' : noun.columns.get(field)!.field.scalar;
    if (!isTime(type)) return { group: sql, label: (column: string) => column, scalar };
    if (per === 'HOUR' && type === 'date') bad(`${noun.name}.${field} is a day: it has no hours`);
    if (per === 'WORKING_DAY') this.unknownDays.push(outside(dayOfSql(sql, type)));
    const label = (column: string) => labelSql(column, per, values);
    return { group: bucketSql(sql, type, per, values), label, scalar: 'text' as Scalar };
  }

  /** Joins what to-one links lead to; rows that are deleted, or that the reader may not see, count as absent. */
  private follow(path: readonly Relation[]): { alias: string; noun: StoredNoun } {
    let place = { alias: 't', noun: this.noun };
    let name = '';
    for (const { name: step, link, to } of path) {
      name += `.${step}`;
      const noun = to as StoredNoun;
      demandSeen(this.scope.policy, noun);
      const join = this.joins.get(name) ?? { alias: `j${this.joins.size}`, sql: '' };
      if (!join.sql) {
        const on = `${join.alias}.id = ${place.alias}."${link.column}" and ${visibleSql(this.scope, noun, join.alias)}`;
        join.sql = `left join ${tableSql(noun, this.scope.asOf, this.scope.values)} ${join.alias} on ${on}`;
        this.joins.set(name, join);
      }
      place = { alias: join.alias, noun };
    }
    return place;
  }

  private measure(measure: Measure): string {
    if (measure.take === 'count' || measure.take === 'share') {
      if (!measure.where) return this.count();
      const count = this.count(`filter (where ${whereSql(this.scope, this.noun, measure.where)})`);
      return measure.take === 'count' ? count : `round(${count}::numeric / nullif(${this.count()}, 0), 6)`;
    }
    if ('field' in measure) {
      const relation = this.noun.relations.get(measure.field);
      if (relation) return this.countLinked(relation);
      const { sql, type } = this.field(this.noun, measure.field);
      if (measure.take === 'countDistinct') return `count(distinct ${sql})`;
      const bound = `${measure.take === 'earliest' ? 'min' : 'max'}(${sql})`;
      return type === 'date' ? `${bound}::text` : bound;
    }
    const span = this.rolledUp ? rolledUpSpan(measure) : null;
    if (span) return span;
    const { sql, toNumber } = this.measured(measure.of);
    if (measure.take !== 'quantile') return exact(toNumber(`${measure.take}(${sql})`));
    if (!(measure.at >= 0 && measure.at <= 1)) bad('`at` of a quantile goes from 0 to 1: 0.5 is the median');
    const quantile = `percentile_${measure.exact ? 'disc' : 'cont'}(${this.scope.values.add(measure.at)}::float8)`;
    return exact(toNumber(`${quantile} within group (order by ${sql})`));
  }

  private field(noun: StoredNoun, name: string, alias?: string): Tested {
    if (isPersonal(noun, name)) throw aboutPersons();
    return filterable(this.scope, noun, name, alias);
  }

  private count(filter = ''): string {
    return this.rolledUp ? `coalesce(sum(t.cases) ${filter}, 0)::bigint` : `count(*) ${filter}`;
  }

  /** Counts different persons, organisations, ...: they are told apart without being shown. */
  private countLinked({ to, link }: Relation): string {
    demandSeen(this.scope.policy, to as StoredNoun);
    return `count(distinct t."${link.column}")`;
  }

  /** A number of a row, and the conversion of its aggregate to a number. */
  private measured({ field, days, workingDays }: Measured): { sql: string; toNumber: (sql: string) => string } {
    const same = (sql: string) => sql;
    if ([field, days, workingDays].filter(Boolean).length !== 1)
      bad('`of` takes one of `field`, `days`, `workingDays`');
    if (field) return { sql: this.field(this.noun, field).sql, toNumber: same };
    const [from, to] = this.span((days ?? workingDays)!);
    const [first, last] = [from, to].map(({ sql, type }) => dayOfSql(sql, type)) as [string, string];
    if (workingDays) {
      this.unknownDays.push(
        `(${first} is not null and ${last} is not null and (${outside(first)} or ${outside(last)}))`,
      );
      const count = (day: string) => workingDayCountSql(day, this.scope.values);
      return { sql: `(${count(last)} - ${count(first)})`, toNumber: same };
    }
    if (from.type === 'date' || to.type === 'date') return { sql: `(${last} - ${first})`, toNumber: same };
    return { sql: `(${to.sql} - ${from.sql})`, toNumber: sql => `extract(epoch from ${sql}) / 86400` };
  }

  private span({ from, to }: Span): [Tested, Tested] {
    return [from, to].map(name => this.field(this.noun, name)) as [Tested, Tested];
  }
}

const exact = (sql: string) => `trim_scale(round((${sql})::numeric, 6))`;
const outside = (day: string) => `${day} not between date '${firstKnownDay}' and date '${lastKnownDay}'`;
function bad(message: string): never {
  throw new HubError('BAD_USER_INPUT', message);
}
