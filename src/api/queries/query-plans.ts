/**
 * Caches plans of repeated queries. A screen sends one text all day, each time for another person: the text is read
 * once, and planned once for readers of one policy and one set of variables, without the keys of root fields.
 */
import {
  type ArgumentNode,
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getOperationAST,
  isLeafType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type TypeNode,
  visit,
} from 'graphql';
import { LruCache } from '../../domain/lru-cache.ts';
import { isOperator } from '../../query/filters.ts';
import { Plan, type PlanInputs } from '../../query/plan.ts';
import { isReadByKeys } from '../../query/plan-roots.ts';
import type { FieldSource } from '../../query/selected-field.ts';
import { VariableRef } from '../../query/variable-ref.ts';
import type { Context } from '../request/context.ts';
import { type Collected, collectRoots, type QuerySelection, selectedFieldsOf } from './read-selection.ts';

/** A query of a document. */
export interface ReadQuery {
  readonly number: number;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** Variables that are used only as the key of a root field: plans do not depend on them. */
  readonly keyVariables: ReadonlySet<string>;
  /** Variables that are used only as values in tests of a list's rows: plans hold references to them. */
  readonly referenceVariables: ReadonlySet<string>;
}
/** A plan with the inputs of one request. */
export interface PlannedQuery {
  readonly plan: Plan;
  readonly inputs: PlanInputs;
  readonly selection: QuerySelection & { readonly operation: OperationDefinitionNode };
  /** Set only where something is left to resolvers. */
  readonly collected: Collected | null;
}

/** A plan of a large query takes some 100 KB. */
const keptPlans = 300;

export class QueryPlans {
  private readonly queries = new WeakMap<DocumentNode, Map<string, ReadQuery | null>>();
  private readonly plans = new LruCache<string, Plan>(keptPlans);
  private numbers = 0;

  constructor(private readonly schema: GraphQLSchema) {}

  /** Null if the document's operation is no query. */
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

  plan(query: ReadQuery, variableValues: QuerySelection['variableValues'], context: Context): PlannedQuery {
    const { operation, fragments, keyVariables, referenceVariables: slotVariables } = query;
    const values: Record<string, unknown> = {};
    const others: [string, unknown][] = [];
    for (const [name, value] of Object.entries(variableValues)) {
      // A test by null is no test.
      if (slotVariables.has(name) && value !== null && value !== undefined) values[name] = value;
      else if (!keyVariables.has(name)) others.push([name, value]);
    }
    const selection = { schema: this.schema, operation, fragments, variableValues };
    const name = `${query.number} ${context.policy.identity} ${JSON.stringify(others)} ${Object.keys(values)}`;
    const known = this.plans.get(name);
    if (known) {
      const keys = known.keys(({ args, keyVariable }) =>
        keyVariable ? { ...args, [keyVariable.argument]: variableValues[keyVariable.variable] } : args,
      );
      return { plan: known, inputs: { keys, values }, selection: selection, collected: null };
    }
    const type = this.schema.getQueryType()!;
    const collected = collectRoots(selection, type);
    const references = Object.entries(values).map(([variable, value]) => [variable, new VariableRef(variable, value)]);
    const planned = { ...selection, variableValues: { ...variableValues, ...Object.fromEntries(references) } };
    const plan = Plan.of(context.planGround, selectedFieldsOf(planned, type, collected));
    // A plan that is continued by resolvers takes its arguments from the request, so it is not cached.
    if (plan.isComplete) this.plans.set(name, plan);
    return { plan, inputs: { keys: plan.keys(), values }, selection: selection, collected };
  }

  private read(document: DocumentNode, operationName: string | null | undefined): ReadQuery | null {
    const operation = getOperationAST(document, operationName);
    if (operation?.operation !== OperationTypeNode.QUERY) return null;
    const fragments: Record<string, FragmentDefinitionNode> = {};
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    }
    this.numbers += 1;
    const keyVariables = this.keyVariables(document, operation);
    const slotVariables = this.slotVariables(document, operation);
    return { number: this.numbers, operation, fragments, keyVariables, referenceVariables: slotVariables };
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
      const read = roots[field.name.value]?.extensions.read as FieldSource | undefined;
      if (read?.kind !== 'byKey' || !isReadByKeys(read.noun)) continue;
      for (const { value } of field.arguments ?? []) {
        if (value.kind === Kind.VARIABLE) uses.set(value.name.value, uses.get(value.name.value)! - 1);
      }
    }
    return new Set([...uses].flatMap(([name, elsewhere]) => (elsewhere ? [] : [name])));
  }

  /**
   * Variables used as in `{ agency: { eq: $agency } }` within a `where`. With groups there are none, because how groups
   * are read depends on the values of their tests.
   */
  private slotVariables(document: DocumentNode, operation: OperationDefinitionNode): Set<string> {
    const leaves = (operation.variableDefinitions ?? []).filter(({ type }) => {
      const named = this.schema.getType(namedTypeOf(type));
      return isLeafType(named);
    });
    const references = new Set(leaves.map(({ variable }) => variable.name.value));
    visit(document, {
      Field: ({ name }) => void (name.value === 'groups' && references.clear()),
      Variable: ({ name }, _key, parent, _path, ancestors) => {
        const around = parent as ASTNode;
        if (around.kind === Kind.VARIABLE_DEFINITION) return;
        const argument = ancestors.findLast(node => !Array.isArray(node) && (node as ASTNode).kind === Kind.ARGUMENT);
        const isTest = around.kind === Kind.OBJECT_FIELD && isOperator(around.name.value);
        if (!isTest || (argument as ArgumentNode | undefined)?.name.value !== 'where') references.delete(name.value);
      },
    });
    return references;
  }
}

const namedTypeOf = (type: TypeNode): string =>
  type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
