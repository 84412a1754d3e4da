/**
 * Answers a query. Root fields that are read from the store are compiled, read in one snapshot and written as JSON
 * text; fields with hand-written resolvers run through graphql-js, which takes the compiled parts as they are.
 */
import {
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  Kind,
  locatedError,
} from 'graphql';
import type { StoredNoun } from '../../catalog/catalog.ts';
import { Plan, type PlanAnswer, type PlanInputs } from '../../query/plan.ts';
import type { Failure, SelectedField } from '../../query/selected-field.ts';
import type { Context } from '../request/context.ts';
import { JsonBytes } from './json-bytes.ts';
import type { PlannedQuery } from './query-plans.ts';
import { type Collected, selectedFieldsOf } from './read-selection.ts';

export interface Answered {
  readonly data: JsonBytes | null;
  readonly errors: readonly GraphQLError[];
  readonly plan: PlanReport;
}
/** How an operation was answered. */
export interface PlanReport {
  /** Roots that were compiled. */
  readonly compiled: readonly string[];
  /** Roots that went through resolvers. */
  readonly resolved: readonly string[];
  /** SQL, one statement for each level. */
  readonly statements: readonly string[];
}

export async function answerPlanned(planned: PlannedQuery, context: Context): Promise<Answered> {
  const { plan, inputs: given, collected } = planned;
  const { selected, statements } = plan;
  const { texts, failures } = await readPlan(context, plan, given);
  if (plan.isComplete) {
    const report = { compiled: selected.map(({ key }) => key), resolved: [], statements };
    return { data: joined(selected, texts), errors: failures.map(toError), plan: report };
  }
  const resolved = selected.filter(({ key }) => !plan.has(key) || plan.forResolvers.has(key)).map(({ key }) => key);
  const trees = treesOf(resolved, { texts, failures });
  const result = await resolveRoots(planned, collected!, resolved, trees, context);
  const answers = new Map(texts);
  for (const key of resolved) answers.set(key, result.data ? Buffer.from(JSON.stringify(result.data[key])) : undefined);
  const errors = failures.filter(({ path }) => !resolved.includes(String(path[0]))).map(toError);
  const compiled = selected.map(({ key }) => key).filter(key => !resolved.includes(key));
  return {
    data: joined(selected, answers),
    errors: [...errors, ...(result.errors ?? [])],
    plan: { compiled, resolved, statements },
  };
}

function joined(selected: readonly SelectedField[], texts: PlanAnswer['texts']): JsonBytes | null {
  const pieces: Buffer[] = [];
  for (const [i, { key }] of selected.entries()) {
    const text = texts.get(key);
    if (text === undefined) return null;
    pieces.push(Buffer.from(`${i ? ',' : '{'}"${key}":`), text);
  }
  return new JsonBytes([...pieces, Buffer.from(pieces.length ? '}' : '{}')]);
}

/** A snapshot that cannot be read fails every root that needs it. */
async function readPlan(context: Context, plan: Plan, given: PlanInputs): Promise<PlanAnswer> {
  try {
    return await plan.answer(await context.hub.batches.read(plan, given, context.share), given, context.responseReader);
  } catch (error) {
    const planned = plan.selected.filter(({ key }) => plan.has(key));
    return {
      texts: new Map(planned.map(({ key, required }) => [key, required ? undefined : Buffer.from('null')])),
      failures: planned.map(({ key, place }) => ({ error: error as Error, path: [key], place })),
    };
  }
}

/** The roots that resolvers continue with, as objects; a field that failed holds its error in place of a value. */
function treesOf(keys: readonly string[], { texts, failures }: PlanAnswer): Record<string, unknown> {
  const trees = Object.fromEntries(keys.map(key => [key, JSON.parse(texts.get(key)?.toString() ?? 'null')]));
  for (const { error, path } of failures) {
    if (!(String(path[0]) in trees)) continue;
    const place = path
      .slice(0, -1)
      .reduce<unknown>((at, key) => (at as Record<string | number, unknown> | null)?.[key], trees);
    if (place) (place as Record<string | number, unknown>)[path.at(-1)!] = error;
  }
  return trees;
}

function resolveRoots(
  { selection: { schema, operation, fragments, variableValues } }: PlannedQuery,
  collected: Collected,
  keys: readonly string[],
  trees: unknown,
  context: Context,
): ExecutionResult | Promise<ExecutionResult> {
  const selections = keys.flatMap(key => collected.get(key)!);
  const rest = { ...operation, selectionSet: { ...operation.selectionSet, selections } };
  return execute({
    schema,
    document: { kind: Kind.DOCUMENT, definitions: [rest, ...Object.values(fragments)] },
    variableValues,
    rootValue: trees,
    contextValue: context,
  });
}

const toError = ({ error, path, place }: Failure): GraphQLError =>
  error instanceof GraphQLError && error.path ? error : locatedError(error, place as never, path);

/** Returns what has already been read, which is stored under the field's name in the answer. */
export const takeAnswer: GraphQLFieldResolver<Readonly<Record<string, unknown>> | undefined, unknown> = (
  source,
  _args,
  _context,
  { path },
) => {
  const value = source?.[path.key];
  if (value instanceof Error) throw value;
  return value;
};

/** Reads records together for a field with a hand-written resolver; null stands for one that the reader may not see. */
export function readNodes(
  context: Context,
  noun: StoredNoun,
  ids: readonly string[],
  info: GraphQLResolveInfo,
): Promise<unknown[]> {
  const [selected] = selectedFieldsOf(info, info.parentType, new Map([[info.fieldName, info.fieldNodes]]));
  const read = async (id: string) => {
    const root: SelectedField = {
      ...selected!,
      read: { kind: 'byId' },
      args: { id: `${noun.name}:${id}` },
      required: false,
    };
    const plan = Plan.of(context.planGround, [root], true);
    const tree = treesOf([root.key], await readPlan(context, plan, { keys: plan.keys(), values: {} }))[root.key];
    if (tree instanceof Error) throw tree;
    return tree;
  };
  return Promise.all(ids.map(read));
}
