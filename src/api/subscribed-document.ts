/** What groups of readers must know of a subscription's document, found once for each text. */
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
  /** The first one of this text that was parsed: all operations share it. */
  readonly document: DocumentNode;
  readonly errors: readonly GraphQLError[];
}

/** Texts of different clients of one build are the same: they are validated once. */
const mostKnown = 500;

export class DocumentShelf {
  private readonly known = new Map<string, KnownDocument>();

  constructor(private readonly schema: GraphQLSchema) {}

  of(text: string, parsed: DocumentNode): KnownDocument {
    const found = this.known.get(text) ?? { document: parsed, errors: validate(this.schema, parsed) };
    this.known.delete(text);
    this.known.set(text, found);
    if (this.known.size > mostKnown) this.known.delete(this.known.keys().next().value!);
    return found;
  }
}

/** Variables that can change what stands in an event: those that are used elsewhere than in the root field's arguments. */
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
