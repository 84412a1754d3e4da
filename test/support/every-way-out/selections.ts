/** What can be selected of a type, derived from the schema, so that a new field is selected without a change here. */
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { type Catalog, isStated, isStored } from '../../../src/catalog/catalog.ts';

type AnyField = GraphQLField<unknown, unknown>;

export class Selections {
  constructor(
    readonly schema: GraphQLSchema,
    private readonly catalog: Catalog,
  ) {}

  fieldsOf(type: GraphQLNamedType): AnyField[] {
    return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
  }

  typeOf({ type }: AnyField): GraphQLNamedType {
    return getNamedType(type);
  }

  object(name: string): GraphQLObjectType {
    const type = this.schema.getType(name);
    if (!isObjectType(type)) throw new Error(`${name} is no type of objects`);
    return type;
  }

  /** Selects an object's scalars and plain nested objects, but nothing that leads to another record. */
  own(type: GraphQLNamedType): string {
    const parts = this.fieldsOf(type).flatMap(field => this.ownPart(field));
    const id = this.fieldsOf(type).some(({ name }) => name === 'id');
    return ['__typename', ...(id ? ['id'] : []), ...new Set(parts)].join(' ');
  }

  private ownPart(field: AnyField): string[] {
    const type = this.typeOf(field);
    if (field.args.some(isRequiredArgument)) return [];
    if (isLeafType(type)) return [field.name];
    const isPlain = isObjectType(type) && !this.catalog.nouns.has(type.name) && !this.leadsOn(type);
    return isPlain ? [`${field.name} { ${this.own(type)} }`] : [];
  }

  /** For pages, groups and conflicts, the caller decides what to select. */
  private leadsOn(type: GraphQLObjectType): boolean {
    return this.fieldsOf(type).some(field => {
      const of = this.typeOf(field);
      return isInterfaceType(of) || (isObjectType(of) && (this.catalog.nouns.has(of.name) || this.leadsOn(of)));
    });
  }

  /** Selects everything of a page, with the scalars of its records. */
  page(connection: GraphQLNamedType): string {
    const node = this.typeOf(this.fieldsOf(connection).find(({ name }) => name === 'nodes')!);
    return `__typename totalCount pageInfo { ${this.own(this.schema.getType('PageInfo')!)} } edges { __typename cursor node { __typename id } } nodes { ${this.own(node)} }`;
  }

  /** The fields of a noun that lead to other records, each with its selection. */
  leading(noun: string, first: number): readonly (readonly [field: string, text: string])[] {
    const type = this.object(noun);
    const known = new Set(this.fieldsOf(type).flatMap(field => (this.ownPart(field).length ? [field.name] : [])));
    return this.fieldsOf(type)
      .filter(({ name }) => !known.has(name))
      .flatMap(field => this.leadingParts(noun, field, first));
  }

  /** Kinds of records that agencies state about a noun. */
  private statedOf(noun: string): string[] {
    const kinds = [...this.catalog.get(noun).relations.values()].filter(({ many, to }) => {
      return many && isStored(to) && isStated(to);
    });
    return [...new Set(kinds.map(({ to }) => to.name))];
  }

  private leadingParts(noun: string, field: AnyField, first: number): (readonly [string, string])[] {
    const type = this.typeOf(field);
    if (type.name.endsWith('Connection'))
      return [[field.name, `${field.name}(first: ${first}) { ${this.page(type)} }`]];
    if (type.name === 'Conflict')
      return this.conflicts().map(text => [field.name, `${field.name} { ${text} }`] as const);
    if (isInterfaceType(type))
      return this.kinds(this.statedOf(noun), 3).map((kinds, i) => [
        field.name,
        `${field.name}${i}: ${field.name}(first: 40) { __typename id ${kinds.join(' ')} }`,
      ]);
    return [[field.name, `${field.name} { ${this.own(type)} }`]];
  }

  /** Selects claims with and without the claiming record, because the log must name the subject either way. */
  private conflicts(): string[] {
    const claim = this.own(this.object('Claim'));
    const record = `record { ${this.own(this.schema.getType('AgencyRecord')!)} }`;
    return [record, ''].map(more => `__typename fact claims { ${claim} ${more} }`);
  }

  /**
   * Fragments on kinds, in batches. A field may have different types in different kinds, so its alias begins with the
   * kind.
   */
  kinds(names: readonly string[], size: number): string[][] {
    const all = names.map(name => {
      const own = this.fieldsOf(this.object(name)).filter(field => field.name !== 'id' && this.ownPart(field).length);
      const parts = own.map(field => `${name}_${field.name}: ${this.ownPart(field)[0]}`);
      return `... on ${name} { ${parts.join(' ')} }`;
    });
    return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
  }

  /** The group keys of a noun, in batches; with `depth` 1 also keys behind the noun's references. */
  keys(noun: string, depth: 0 | 1): string[] {
    const type = this.fieldsOf(this.object(`${noun}Group`)).find(({ name }) => name === 'key');
    const all = type ? this.keysOf(this.typeOf(type), depth) : [];
    return Array.from({ length: Math.ceil(all.length / 5) }, (_, i) => {
      return `key { __typename ${all.slice(i * 5, i * 5 + 5).join(' ')} }`;
    });
  }

  private keysOf(type: GraphQLNamedType, depth: number): string[] {
    return this.fieldsOf(type).flatMap((field, i) => {
      const of = this.typeOf(field);
      if (isLeafType(of)) return [field.name];
      // Each key has an alias of its own in the answer.
      return depth ? this.keysOf(of, 0).map((key, j) => `k${i}_${j}: ${field.name} { __typename ${key} }`) : [];
    });
  }
}
