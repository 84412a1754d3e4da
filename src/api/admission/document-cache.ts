/** The validated documents of streams, kept by their text, with what subscription groups must know of a subscription's. */
import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';

export interface KnownDocument {
  /** The first parsed document of this text, which all operations share. */
  readonly document: DocumentNode;
  readonly errors: readonly GraphQLError[];
}

/** Clients of one build send the same texts, which are validated only once. */
const maxKnown = 500;

export class DocumentCache {
  private readonly known = new Map<string, KnownDocument>();

  constructor(private readonly schema: GraphQLSchema) {}

  of(text: string, parsed: DocumentNode): KnownDocument {
    const found = this.known.get(text) ?? { document: parsed, errors: validate(this.schema, parsed) };
    this.known.delete(text);
    this.known.set(text, found);
    if (this.known.size > maxKnown) this.known.delete(this.known.keys().next().value!);
    return found;
  }
}

/**
 * Variables that can change the content of an event: those that are used elsewhere than in the root field's arguments.
 */
export function outputVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  let depth = 0;
  visit(document, {
    VariableDefinition: () => false,
    Field: {
      enter: () => {
        depth += 1;
      },
      leave: () => {
        depth -= 1;
      },
    },
    Argument: (_node, _key, _parent, _path, ancestors) => {
      const owner = ancestors.at(-1);
      const holder = Array.isArray(owner) ? ancestors.at(-2) : owner;
      const isField = holder && 'kind' in holder && holder.kind === Kind.FIELD;
      const inOperation = ancestors.some(node => 'kind' in node && node.kind === Kind.OPERATION_DEFINITION);
      return isField && inOperation && depth === 1 ? false : undefined;
    },
    Variable: ({ name }) => void names.add(name.value),
  });
  return [...names].sort();
}

/** Whether objects behind the nodes of a board are selected: parts of a case, its applicant, ... */
export function selectsParts(schema: GraphQLSchema, document: DocumentNode, noun: string): boolean {
  const info = new TypeInfo(schema);
  let found = false;
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: ({ selectionSet }) => {
        const parent = info.getParentType();
        const type = info.getType();
        if (parent?.name !== noun || !selectionSet || !type) return;
        const named = getNamedType(type);
        found ||= isObjectType(named) || isInterfaceType(named);
      },
    }),
  );
  return found;
}
