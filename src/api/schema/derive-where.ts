/** The `where` inputs of nouns: tests of their fields, of what they are related to, and of two times of one row. */
import { type ClassType, Field as GraphField, InputType, registerEnumType } from 'type-graphql';
import type { Field, Scalar } from '../../../adapters/kit/record.ts';
import { isStated, isStored, type Noun } from '../../catalog/catalog.ts';
import { fieldEnum, isTime } from './derive-groups.ts';
import { DateTime } from './scalars.ts';

const ordered = ['eq', 'in', 'gt', 'gte', 'lt', 'lte', 'isNull'];
const filterOperators: Readonly<Record<Exclude<Scalar, 'geometry'>, readonly string[]>> = {
  text: ['eq', 'in', 'startsWith', 'contains', 'isNull'],
  integer: ordered,
  decimal: ordered,
  date: ordered,
  instant: ordered,
  flag: ['eq', 'isNull'],
  code: ['eq', 'in', 'isNull'],
};
const filterNames: Readonly<Record<Exclude<Scalar, 'code' | 'geometry'>, string>> = {
  text: 'Text',
  integer: 'Integer',
  decimal: 'Decimal',
  date: 'Date',
  instant: 'DateTime',
  flag: 'Flag',
};
const Comparator = { BEFORE: '<', BEFORE_OR_AT: '<=', AT: '=', AT_OR_AFTER: '>=', AFTER: '>' } as const;

const fieldTests =
  'All must fit. An operator without a value is an error: `isNull` asks for rows without one, and null in place of the ' +
  'whole filter leaves it out · 全部满足；运算符的值不得为空，查空值用 isNull，整个条件为 null 表示不筛选';
const relatedTests =
  'Both must hold where both are given; `some: {}`: there is one, `none: {}`: there is none · 关联条件';

const named = (name: string): ClassType => ({ [name]: class {} })[name]!;
const nullable = { nullable: true };

/** What this module needs of the derivation of types. */
export interface WhereGround {
  typeOf(field: Field): unknown;
  where(noun: Noun): ClassType;
}

export class WhereTypes {
  /** Types of tests that several inputs share, by name. */
  private readonly shared = new Map<string, ClassType>();
  private readonly times = new Map<Noun, object>();

  constructor(private readonly ground: WhereGround) {
    registerEnumType(Comparator, { name: 'Comparator', description: 'Earlier, later or at once · 比较' });
  }

  of(noun: Noun): ClassType {
    const where = named(`${noun.name}Where`);
    for (const [name, { field }] of noun.columns) {
      if (field.scalar === 'geometry') continue;
      const filter = this.filterOf(field);
      GraphField(() => filter, nullable)(where.prototype, name);
    }
    this.relations(noun, where);
    this.comparison(noun, where);
    // A noun with a relation `agency` has tests of the agency itself under this name.
    if (isStated(noun) && !noun.relations.has('agency'))
      GraphField(() => this.tests('TextFilter', String, filterOperators.text), nullable)(where.prototype, 'agency');
    GraphField(() => this.tests('DateTimeFilter', DateTime, ordered), nullable)(where.prototype, 'observedAt');
    GraphField(() => [where], { ...nullable, description: 'All of these' })(where.prototype, 'and');
    GraphField(() => [where], { ...nullable, description: 'At least one of these; each must test something' })(
      where.prototype,
      'or',
    );
    GraphField(() => where, { ...nullable, description: 'Not this; it must test something' })(where.prototype, 'not');
    InputType(where.name)(where);
    return where;
  }

  /** The times of a row, where it has any. */
  timesOf(noun: Noun): object | null {
    const columns = [...noun.columns.values()].filter(isTime);
    if (!columns.length) return null;
    const known = this.times.get(noun) ?? fieldEnum(`${noun.name}Time`, columns);
    this.times.set(noun, known);
    return known;
  }

  /** Related rows can be tested like the row itself. */
  private relations(noun: Noun, where: ClassType): void {
    for (const { name, to, many, live } of noun.relations.values()) {
      if (live || !isStored(to)) continue;
      const related = many ? this.relatedOf(to) : null;
      const type = () => related ?? this.ground.where(to);
      const description = many ? undefined : 'There is one, and it fits; `{}` asks only whether there is one';
      GraphField(type, { ...nullable, description })(where.prototype, name);
    }
  }

  private comparison(noun: Noun, where: ClassType): void {
    const field = this.timesOf(noun);
    if (!field) return;
    const comparison = named(`${noun.name}Comparison`);
    GraphField(() => field)(comparison.prototype, 'field');
    GraphField(() => Comparator)(comparison.prototype, 'is');
    GraphField(() => field)(comparison.prototype, 'than');
    const description = 'Two times of one row; a moment and a day are compared as days';
    InputType(comparison.name, { description })(comparison);
    GraphField(() => [comparison], { ...nullable, description: 'All of these' })(where.prototype, 'compare');
  }

  /** One type for each target, whichever noun leads to it. */
  private relatedOf(noun: Noun): ClassType {
    return this.share(`${noun.name}Related`, relatedTests, related => {
      const where = () => this.ground.where(noun);
      GraphField(where, { ...nullable, description: 'At least one fits' })(related.prototype, 'some');
      GraphField(where, { ...nullable, description: 'None fits' })(related.prototype, 'none');
    });
  }

  private filterOf(field: Field): ClassType {
    const type = this.ground.typeOf(field);
    if (field.scalar === 'code') return this.tests(`${field.table!.name}Filter`, type, filterOperators.code);
    const scalar = field.scalar as keyof typeof filterNames;
    return this.tests(`${filterNames[scalar]}Filter`, type, filterOperators[scalar]);
  }

  private tests(name: string, type: unknown, operators: readonly string[]): ClassType {
    return this.share(name, fieldTests, filter => {
      for (const op of operators) {
        const of = op === 'in' ? [type] : op === 'isNull' ? Boolean : type;
        GraphField((() => of) as never, nullable)(filter.prototype, op);
      }
    });
  }

  private share(name: string, description: string, fill: (type: ClassType) => void): ClassType {
    const known = this.shared.get(name);
    if (known) return known;
    const type = named(name);
    this.shared.set(name, type);
    fill(type);
    InputType(name, { description })(type);
    return type;
  }
}
