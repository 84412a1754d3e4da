/**
 * Questions that come again. A screen asks with one text all day, each time for another person: what is wanted is read from
 * the text once, and planned once for readers of one policy and one set of variables, keys of roots left out.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import { RecentlyUsed } from '../domain/recently-used.ts';
import { Plan, type RootKeys } from '../query/plan.ts';
import { isReadByKeys } from '../query/plan-roots.ts';
import type { Read } from '../query/wanted.ts';
import type { Context } from './context.ts';
import { type Collected, collectRoots, type Question, wantedOf } from './read-question.ts';

/** A query of a document. */
export interface ReadQuery {
  readonly number: number;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** Variables that stand only where a root takes its key: plans do not depend on them. */
  readonly keyVariables: ReadonlySet<string>;
}
/** A plan with the keys of one request. */
export interface Planned {
  readonly plan: Plan;
  readonly keys: RootKeys;
  readonly question: Question & { readonly operation: OperationDefinitionNode };
  /** Only where something is left to resolvers. */
  readonly collected: Collected | null;
}

/** A plan of a large question takes some 100 KB. */
const keptPlans = 300;

export class Questions {
  private readonly queries = new WeakMap<DocumentNode, Map<string, ReadQuery | null>>();
  private readonly plans = new RecentlyUsed<string, Plan>(keptPlans);
  private numbers = 0;

  constructor(private readonly schema: GraphQLSchema) {}

  /** Null: the document's operation is no query. */
  query(document: DocumentNode, operationName: string | null | undefined): ReadQuery | null {
    const known = this.queries.get(document) ?? new Map<string, ReadQuery | null>();
    this.queries.set(document, known);
    const name = operationName ?? '';
    const found = known.get(name);
    if (found !== undefined) return found;
    const read = this.read(document, operationName);
    known.set(name, read);
    return read;
  }

  plan(query: ReadQuery, variableValues: Question['variableValues'], context: Context): Planned {
    const { operation, fragments, keyVariables } = query;
    const question = { schema: this.schema, operation, fragments, variableValues };
    const others = Object.entries(variableValues).filter(([name]) => !keyVariables.has(name));
    const name = `${query.number} ${context.policy.identity} ${JSON.stringify(others)}`;
    const known = this.plans.get(name);
    if (known) {
      const keys = known.keys(({ args, keyVariable }) =>
        keyVariable ? { ...args, [keyVariable.argument]: variableValues[keyVariable.variable] } : args,
      );
      return { plan: known, keys, question, collected: null };
    }
    const type = this.schema.getQueryType()!;
    const collected = collectRoots(question, type);
    const plan = Plan.of(context.planGround, wantedOf(question, type, collected));
    // What goes on through resolvers takes its arguments from the request.
    if (plan.isComplete) this.plans.set(name, plan);
    return { plan, keys: plan.keys(), question, collected };
  }

  private read(document: DocumentNode, operationName: string | null | undefined): ReadQuery | null {
    const operation = getOperationAST(document, operationName);
    if (operation?.operation !== OperationTypeNode.QUERY) return null;
    const fragments: Record<string, FragmentDefinitionNode> = {};
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    }
    this.numbers += 1;
    return { number: this.numbers, operation, fragments, keyVariables: this.keyVariables(document, operation) };
  }

  private keyVariables(document: DocumentNode, operation: OperationDefinitionNode): Set<string> {
    const roots = this.schema.getQueryType()!.getFields();
    const uses = new Map<string, number>();
    visit(document, {
      Variable: ({ name }, _key, parent) => {
        if ((parent as { kind?: string }).kind !== Kind.VARIABLE_DEFINITION)
          uses.set(name.value, (uses.get(name.value) ?? 0) + 1);
      },
    });
    for (const field of operation.selectionSet.selections) {
      if (field.kind !== Kind.FIELD) continue;
      const read = roots[field.name.value]?.extensions.read as Read | undefined;
      if (read?.kind !== 'byKey' || !isReadByKeys(read.noun)) continue;
      for (const { value } of field.arguments ?? []) {
        if (value.kind === Kind.VARIABLE) uses.set(value.name.value, uses.get(value.name.value)! - 1);
      }
    }
    return new Set([...uses].flatMap(([name, elsewhere]) => (elsewhere ? [] : [name])));
  }
}
