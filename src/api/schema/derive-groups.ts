/** The types of groups of a noun: their key, their measures, and the arguments of both. */
import {
  Arg,
  type ClassType,
  Float,
  Field as GraphField,
  InputType,
  Int,
  ObjectType,
  registerEnumType,
} from 'type-graphql';
import { type Column, isStated, isStored, type Noun, type StoredNoun, snake } from '../../catalog/catalog.ts';
import { isPersonal } from '../../query/personal-tests.ts';
import type { FieldSource } from '../../query/selected-field.ts';
import { timeUnits } from '../../query/time-units.ts';
import { Decimal } from './scalars.ts';

export const TimeUnit = Object.fromEntries(Object.keys(timeUnits).map(unit => [unit, unit]));
export function registerTimeUnit(): void {
  registerEnumType(TimeUnit, {
    name: 'TimeUnit',
    description:
      'A span of time in the town (Asia/Shanghai); what happens on a day off counts to the next working day · 时间单位',
    valuesConfig: Object.fromEntries(Object.entries(timeUnits).map(([unit, { zh }]) => [unit, { description: zh }])),
  });
}

@InputType({ description: 'A test of groups by a measure that is selected; all that are given hold · 分组条件' })
export class GroupTest {
  @GraphField({ description: 'Its name in the answer' }) of!: string;
  @GraphField(() => Float, { nullable: true }) eq!: number | null;
  @GraphField(() => Float, { nullable: true }) gt!: number | null;
  @GraphField(() => Float, { nullable: true }) gte!: number | null;
  @GraphField(() => Float, { nullable: true }) lt!: number | null;
  @GraphField(() => Float, { nullable: true }) lte!: number | null;
}
@InputType({ description: 'An order of groups · 分组排序' })
export class GroupOrder {
  @GraphField({ description: 'The name in the answer of a key (`key.month`) or a measure that is selected' })
  by!: string;
  @GraphField({ defaultValue: false }) descending!: boolean;
}

const named = (name: string): ClassType => ({ [name]: class {} })[name]!;
export const isTime = ({ field }: Column) => field.scalar === 'date' || field.scalar === 'instant';
const isNumber = ({ field }: Column) => field.scalar === 'integer' || field.scalar === 'decimal';
/** Groups must not identify anybody: personal fields are neither their keys nor their measures. */
const groupable = (noun: Noun): Column[] =>
  [...noun.columns.values()].filter(({ name, field }) => field.scalar !== 'geometry' && !isPersonal(noun, name));
/** Decimals are measured, not grouped by. */
const keysOf = (noun: Noun): Column[] => groupable(noun).filter(({ field }) => field.scalar !== 'decimal');
/** Whether there is anything to group by: a noun with only personal fields has nothing. */
const hasKey = (noun: Noun): boolean => isStated(noun) || keysOf(noun).length > 0;

/** What this module needs of the derivation of types. */
export interface GroupGround {
  put(target: ClassType, name: string, type: () => unknown, options: object, read: FieldSource): void;
  typeOf(field: Column['field']): unknown;
  where(noun: Noun): ClassType;
  describe(name: string, field: Column['field']): string;
}

/** Registers an enum of some of a noun's fields, such as `CaseTime`. */
export function fieldEnum(name: string, columns: readonly { readonly name: string }[]): object {
  const values = Object.fromEntries(columns.map(c => [snake(c.name).toUpperCase(), c.name]));
  registerEnumType(values, { name });
  return values;
}

export class GroupTypes {
  private readonly keys = new Map<Noun, ClassType>();

  constructor(private readonly ground: GroupGround) {}

  /** @param allTimes the enum of all times of the noun, also of personal ones */
  of(noun: StoredNoun, allTimes: object | null): ClassType {
    const group = named(`${noun.name}Group`);
    const times = this.timesOf(noun, allTimes);
    const key = () => this.keys.get(noun)!;
    const { put } = this.ground;
    const description = 'What is selected here groups the rows · 分组键';
    if (hasKey(noun)) put(group, 'key', key, { description }, { kind: 'groupKey' });
    this.counts(noun, group);
    this.numbers(noun, group, times);
    if (times) {
      for (const name of ['earliest', 'latest']) {
        this.measure(group, name, String, 'A day, or a moment');
        Arg('of', () => times)(group.prototype, name, 0);
      }
    }
    ObjectType(group.name)(group);
    if (hasKey(noun)) this.keys.set(noun, this.key(noun));
    const groups = named(`${noun.name}Groups`);
    put(groups, 'nodes', () => [group], {}, { kind: 'groupNodes' });
    put(groups, 'hasNextPage', () => Boolean, {}, { kind: 'member', name: 'hasNextPage' });
    ObjectType(groups.name)(groups);
    return groups;
  }

  private timesOf(noun: StoredNoun, all: object | null): object | null {
    const own = groupable(noun).filter(isTime);
    if (!all || own.length === Object.keys(all).length) return all;
    return own.length ? fieldEnum(`${noun.name}MeasuredTime`, own) : null;
  }

  private measure(group: ClassType, name: string, type: unknown, description?: string): void {
    this.ground.put(group, name, () => type, { nullable: true, description }, { kind: 'measure' });
  }

  private counts(noun: StoredNoun, group: ClassType): void {
    const where = () => this.ground.where(noun);
    this.measure(group, 'count', Int, 'Rows; with `where` those of the group that fit · 数量');
    Arg('where', where, { nullable: true })(group.prototype, 'count', 0);
    this.measure(group, 'share', Float, 'Of the rows that fit, from 0 to 1 · 占比');
    Arg('where', where)(group.prototype, 'share', 0);
    const links = [...noun.relations.values()].filter(({ many, to }) => !many && isStored(to));
    const counted = [...groupable(noun), ...links];
    if (!counted.length) return;
    const fields = fieldEnum(`${noun.name}Field`, counted);
    this.measure(group, 'countDistinct', Int, 'Different values, or what the rows are about · 去重数量');
    Arg('of', () => fields)(group.prototype, 'countDistinct', 0);
  }

  /** Adds `Decimal` measures, which need numbers, or two times with a span between them. */
  private numbers(noun: StoredNoun, group: ClassType, times: object | null): void {
    const numbers = groupable(noun).filter(isNumber);
    if (!numbers.length && !times) return;
    const measured = named(`${noun.name}Measured`);
    if (numbers.length) {
      const field = fieldEnum(`${noun.name}Number`, numbers);
      GraphField(() => field, { nullable: true })(measured.prototype, 'field');
    }
    if (times) this.spans(noun, measured, times);
    const description = 'A number of a row: one of these · 度量';
    InputType(measured.name, { description })(measured);
    for (const name of ['sum', 'avg', 'min', 'max', 'quantile']) {
      this.measure(group, name, Decimal);
      Arg('of', () => measured)(group.prototype, name, 0);
    }
    Arg('at', () => Float, { description: '0.5 is the median' })(group.prototype, 'quantile', 1);
    const exact = 'A value that occurs, rather than one between two';
    Arg('exact', () => Boolean, { defaultValue: false, description: exact })(group.prototype, 'quantile', 2);
  }

  private spans(noun: StoredNoun, measured: ClassType, times: object): void {
    const span = named(`${noun.name}Span`);
    GraphField(() => times)(span.prototype, 'from');
    GraphField(() => times)(span.prototype, 'to');
    InputType(span.name)(span);
    const days = 'Elapsed days of 24 hours with their fraction; calendar days where one of both is a day';
    GraphField(() => span, { nullable: true, description: days })(measured.prototype, 'days');
    const working = 'Working days (工作日): the first day is not counted, the last one is';
    GraphField(() => span, { nullable: true, description: working })(measured.prototype, 'workingDays');
  }

  private key(noun: StoredNoun): ClassType {
    const key = named(`${noun.name}Key`);
    for (const column of keysOf(noun)) {
      const description = this.ground.describe(column.name, column.field);
      if (isTime(column)) this.timeKey(key, column.name, description);
      else this.value(key, column.name, this.ground.typeOf(column.field), description);
    }
    if (isStated(noun) && !noun.relations.has('agency')) this.value(key, 'agency', String);
    if (!noun.kind.timeReveals.length) this.timeKey(key, 'observedAt');
    for (const relation of noun.relations.values()) {
      const { name, to, many } = relation;
      if (many || !isStored(to) || !hasKey(to)) continue;
      this.ground.put(key, name, () => this.keys.get(to)!, { nullable: true }, { kind: 'keyPart', relation });
    }
    ObjectType(key.name)(key);
    return key;
  }

  private value(key: ClassType, name: string, type: unknown, description?: string): void {
    this.ground.put(key, name, () => type, { nullable: true, description }, { kind: 'keyField' });
  }

  private timeKey(key: ClassType, name: string, description?: string): void {
    this.value(key, name, String, description);
    Arg('per', () => TimeUnit as never, { defaultValue: 'DAY' })(key.prototype, name, 0);
  }
}
