/** What a document may ask for at most, checked before anything runs. */
import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

export interface DocumentLimits {
  readonly depth: number;
  /** Fields in all, each fragment counted wherever it is spread. */
  readonly fields: number;
  readonly tokens: number;
}

interface Size {
  readonly depth: number;
  readonly fields: number;
}

/** Introspection is deeper than any question of the hall, and harmless. */
const isIntrospection = (name: string) => name.startsWith('__');

export function limitRule({ depth, fields }: DocumentLimits): ValidationRule {
  return (context: ValidationContext): ASTVisitor => {
    const known = new Map<string, Size>();
    const measure = (set: SelectionSetNode, path: readonly string[]): Size => {
      let deepest = 0;
      let count = 0;
      for (const node of set.selections) {
        if (node.kind === Kind.FIELD) {
          if (isIntrospection(node.name.value)) continue;
          const inner = node.selectionSet ? measure(node.selectionSet, path) : { depth: 0, fields: 0 };
          deepest = Math.max(deepest, inner.depth + 1);
          count += inner.fields + 1;
        } else {
          const inner =
            node.kind === Kind.INLINE_FRAGMENT ? measure(node.selectionSet, path) : fragment(node.name.value, path);
          deepest = Math.max(deepest, inner.depth);
          count += inner.fields;
        }
      }
      return { depth: deepest, fields: count };
    };
    const fragment = (name: string, path: readonly string[]): Size => {
      const done = known.get(name);
      if (done) return done;
      const definition = context.getFragment(name);
      // Circles and unknown names have rules of their own.
      if (!definition || path.includes(name)) return { depth: 0, fields: 0 };
      const size = measure(definition.selectionSet, [...path, name]);
      known.set(name, size);
      return size;
    };
    return {
      OperationDefinition(node) {
        const size = measure(node.selectionSet, []);
        const refuse = (message: string) => context.reportError(new GraphQLError(message, { nodes: node }));
        if (size.depth > depth) refuse(`The operation is ${size.depth} levels deep; at most ${depth} are allowed`);
        if (size.fields > fields) refuse(`The operation has ${size.fields} fields; at most ${fields} are allowed`);
      },
    };
  };
}
