/**
 * The limit of W1 and W2: the one statement that one would write by hand, with the answer as JSON made by PostgreSQL.
 */
import type { Catalog, StoredNoun } from '../../src/catalog/catalog.ts';
import { rootName } from './question-documents.ts';
import { defaultFirst, type Order, type Question, type Root, type Selection, type Variable } from './questions.ts';

export interface LimitStatement {
  readonly text: string;
  /** Names of the variables, in the order of the statement's values. */
  readonly values: readonly string[];
}

export function limitStatement(catalog: Catalog, question: Question): LimitStatement {
  return new Writer(catalog).write(question);
}

const envelope: Readonly<Record<string, string>> = { id: 'id', observedAt: 'observed_at' };

class Writer {
  private readonly values: string[] = [];
  private tables = 0;

  constructor(private readonly catalog: Catalog) {}

  write({ roots }: Question): LimitStatement {
    const members = roots.map(root => `'${rootName(this.catalog, root)}', (${this.root(root)})`);
    return { text: `select json_build_object(${members.join(', ')})::text`, values: this.values };
  }

  private root(root: Root): string {
    const noun = this.catalog.stored(root.noun);
    if ('key' in root) {
      const t = this.table();
      const test = `${t}."${columnOf(noun, root.key)}" = ${this.value(root.is, 'text')}`;
      return `select ${this.object(noun, t, root.selection)} from ${noun.table} ${t} where ${test} and not ${t}.deleted limit 1`;
    }
    const tests = root.where.map(test => {
      const column = `"${columnOf(noun, test.field)}"`;
      if ('eq' in test) return `${column} = ${this.value(test.eq, 'text')}`;
      if ('lte' in test) return `${column} <= ${this.value(test.lte, 'timestamptz')}`;
      return `${column} in (${test.in.map(value => `'${value}'`).join(', ')})`;
    });
    return this.list(noun, tests, root.selection, root.order, root.first);
  }

  private list(
    noun: StoredNoun,
    tests: readonly string[],
    selection: Selection,
    order: Order | undefined,
    first: number,
  ) {
    const t = this.table();
    const by = order ? `"${columnOf(noun, order.field)}" ${order.way} nulls last, ` : '';
    const page = `select * from ${noun.table} where ${[...tests, 'not deleted'].join(' and ')} order by ${by}id limit ${first}`;
    return `select coalesce(json_agg(${this.object(noun, t, selection)}), '[]'::json) from (${page}) ${t}`;
  }

  private object(noun: StoredNoun, t: string, { fields, relations = {} }: Selection): string {
    const members = fields.map(field => `'${field}', ${t}."${columnOf(noun, field)}"`);
    for (const [name, related] of Object.entries(relations)) {
      const { to, many, link } = noun.relations.get(name)!;
      const target = to as StoredNoun;
      if (many) {
        const below = this.list(
          target,
          [`"${link.column}" = ${t}.id`],
          related,
          related.order,
          related.first ?? defaultFirst,
        );
        members.push(`'${name}', (${below})`);
      } else {
        const one = this.table();
        const below = `select ${this.object(target, one, related)} from ${target.table} ${one}`;
        members.push(`'${name}', (${below} where ${one}.id = ${t}."${link.column}" and not ${one}.deleted)`);
      }
    }
    return `json_build_object(${members.join(', ')})`;
  }

  private table(): string {
    this.tables += 1;
    return `t${this.tables}`;
  }
  private value({ variable }: Variable, type: string): string {
    if (!this.values.includes(variable)) this.values.push(variable);
    return `$${this.values.indexOf(variable) + 1}::${type}`;
  }
}

const columnOf = (noun: StoredNoun, field: string) => envelope[field] ?? noun.columns.get(field)!.column;
