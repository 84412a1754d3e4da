/** Reads an answer beside its document: every value with its field and the record that it belongs to. */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isAbstractType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

export type Json = Readonly<Record<string, unknown>>;

/** An object of an answer, and the object that contains it. */
export interface Told {
  readonly type: string;
  readonly data: Json;
  readonly in: Told | null;
  /** The field that contains it. */
  readonly by: string | null;
}
export interface Cell {
  readonly type: string;
  readonly field: string;
  readonly value: unknown;
  readonly of: Told;
}

/** Reads answers, and remembers which fields of the schema were selected. */
export class Answers {
  /** For example `Person.name`. */
  readonly asked = new Set<string>();
  private readonly types = new Map<string, GraphQLNamedType>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** Every scalar value of the answer's data. Throws when the answer does not have its document's shape. */
  cells(document: DocumentNode, data: unknown): Cell[] {
    const { operation, selectionSet } = getOperationAST(document)!;
    const root = this.schema.getRootType(operation)!;
    this.ask(root.name, selectionSet);
    return data ? this.object(root, selectionSet, data as Json, null, null) : [];
  }

  private ask(type: string, set: SelectionSetNode): void {
    for (const node of set.selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD) throw new Error('The walk writes its documents without named fragments');
      if (node.kind === Kind.INLINE_FRAGMENT) this.ask(node.typeCondition?.name.value ?? type, node.selectionSet);
      else if (node.name.value !== '__typename') {
        this.asked.add(`${type}.${node.name.value}`);
        if (node.selectionSet) this.ask(this.typeOf(type, node.name.value).name, node.selectionSet);
      }
    }
  }

  private typeOf(type: string, field: string): GraphQLNamedType {
    const place = `${type}.${field}`;
    const known = this.types.get(place);
    if (known) return known;
    const owner = this.schema.getType(type) as GraphQLObjectType | GraphQLInterfaceType;
    const found = getNamedType(owner.getFields()[field]!.type);
    this.types.set(place, found);
    return found;
  }

  private object(
    declared: GraphQLNamedType,
    set: SelectionSetNode,
    data: Json,
    parent: Told | null,
    by: string | null,
  ): Cell[] {
    const type = isAbstractType(declared) ? String(data.__typename) : declared.name;
    if (type === 'undefined') throw new Error(`An object of ${declared.name} was told without its __typename`);
    return this.selections(type, set, { type, data, in: parent, by });
  }

  private selections(type: string, set: SelectionSetNode, told: Told): Cell[] {
    return set.selections.flatMap(node => {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        return !condition || condition === type ? this.selections(type, node.selectionSet, told) : [];
      }
      const field = (node as FieldNode).name.value;
      const value = told.data[(node as FieldNode).alias?.value ?? field] ?? null;
      const cell = { type, field, value, of: told };
      const inner = (node as FieldNode).selectionSet;
      return inner ? this.objects(this.typeOf(type, field), inner, cell) : [cell];
    });
  }

  private objects(type: GraphQLNamedType, set: SelectionSetNode, { value, of, field }: Cell): Cell[] {
    if (value === null) return [];
    const list = (Array.isArray(value) ? value : [value]) as readonly (Json | null)[];
    return list.flatMap(each => (each ? this.object(type, set, each, of, field) : []));
  }
}
