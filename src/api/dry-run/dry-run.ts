/**
 * A dry run: what one reader gets by one operation under some rules, reduced to what can be compared and reported: ids,
 * places, and how fields look. Values are compared but never reported.
 */
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
} from 'graphql';
import type { Logger } from 'pino';
import type { Principal } from '../../access/principal.ts';
import type { Rules } from '../../access/rules.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { Change } from '../../feed/tail.ts';
import { seenIds } from '../../query/row-access.ts';
import { CompiledAnswers } from '../queries/compiled-answers.ts';
import { Context, type Hub } from '../request/context.ts';
import { boardEvent, boardNoun } from '../schema/subscription-resolvers.ts';

export interface DryRunParts {
  readonly schema: GraphQLSchema;
  /** Its live queries should not reach any agency. */
  readonly hub: Hub;
  /** Changes on which subscriptions are run. */
  readonly changes: readonly Change[];
  readonly log: Logger;
}
export interface DryRunOperation {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
}
export interface ShownField {
  /** `Person.name`, `Query.cases.totalCount`. */
  readonly field: string;
  /** The row to which the field belongs; null outside of any row. */
  readonly row: string | null;
  readonly masked: boolean;
  /** Used only to compare values; never reported. */
  readonly value: string;
}
export interface AccessSnapshot {
  /** Ids: `Person:<uuid>`. */
  readonly rows: ReadonlySet<string>;
  /** Shown fields by place. Fields that are null are left out. */
  readonly fields: ReadonlyMap<string, ShownField>;
  /** `FORBIDDEN at persons.nodes`. */
  readonly refusals: ReadonlySet<string>;
}

/**
 * Everything that the operations show together. Subscriptions are run on each change that the reader sees; mutations
 * are never run.
 */
export async function dryRun(
  { schema, hub, changes, log }: DryRunParts,
  rules: Rules,
  reader: Principal,
  questions: readonly DryRunOperation[],
): Promise<AccessSnapshot> {
  const sight = new SnapshotBuilder();
  // Plans are cached for readers, not for rules, so each set of rules needs a cache of its own.
  const answers = new CompiledAnswers(schema, log);
  const contextValue = new Context({ ...hub, rules }, reader);
  for (const [i, { document, variables: variableValues }] of questions.entries()) {
    const given = { schema, document, variableValues, contextValue };
    const note = (root: string, { data, errors = [] }: ExecutionResult, position = '') => {
      for (const error of errors) sight.refused(`${codeOf(error)} at ${placeOf(error)}`);
      sight.look(data, root, null, `${i} ${position}`, '');
    };
    const operation = getOperationAST(document)?.operation;
    if (operation === 'query') note('Query', await answers.execute(given));
    if (operation !== 'subscription') continue;
    const seen = await visible(contextValue, changes);
    const run = async (change: Change) => {
      const rootValue = rootOf(document, change);
      if (rootValue) note('Subscription', await execute({ ...given, rootValue }), String(change.position));
    };
    await Promise.all(seen.map(run));
  }
  return sight;
}

/** The root value of a change for a subscription; a board gets only changes of its own rows. */
function rootOf(document: DocumentNode, change: Change): object | null {
  const [field] = getOperationAST(document)!.selectionSet.selections;
  const noun = field?.kind === Kind.FIELD ? boardNoun(field.name.value) : null;
  if (!noun) return change;
  return noun === change.kind ? boardEvent('UPSERT', { ids: [change.recordId] }) : null;
}

function codeOf({ originalError }: GraphQLError): string {
  return originalError instanceof HubError ? originalError.code : 'INTERNAL';
}
const placeOf = ({ path = [] }: GraphQLError) => path.filter(part => typeof part === 'string').join('.');

async function visible({ hub, policy }: Context, changes: readonly Change[]): Promise<Change[]> {
  if (!policy.may('changes')) return [];
  const byKind = Map.groupBy(changes, ({ kind }) => kind);
  const seen = [...byKind].map(async ([kind, list]) => {
    const ids = await seenIds(
      hub,
      policy,
      hub.catalog.stored(kind),
      list.map(({ recordId }) => recordId),
    );
    return list.filter(({ recordId }) => ids.has(recordId));
  });
  return (await Promise.all(seen)).flat();
}

const globalId = /^(\w+):[0-9a-f-]{36}$/;

class SnapshotBuilder implements AccessSnapshot {
  readonly rows = new Set<string>();
  readonly fields = new Map<string, ShownField>();
  readonly refusals = new Set<string>();

  refused(what: string): void {
    this.refusals.add(what);
  }

  /** @param place the value's place in its row, with list indices; `path` is the same without them */
  look(value: unknown, type: string, row: string | null, place: string, path: string): void {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) {
      value.forEach((element, i) => {
        this.look(element, type, row, `${place}.${i}`, path);
      });
      return;
    }
    if (typeof value !== 'object') {
      const masked = typeof value === 'string' && value.includes('*');
      this.fields.set(`${row} ${place}`, { field: `${type}${path}`, row, masked, value: String(value) });
      return;
    }
    const id = 'id' in value && typeof value.id === 'string' ? value.id : '';
    const noun = globalId.exec(id)?.[1];
    if (noun) this.rows.add(id);
    const inside = noun ? ([noun, id, '', ''] as const) : ([type, row, place, path] as const);
    for (const [name, part] of Object.entries(value)) {
      if (noun && name === 'id') continue;
      this.look(part, inside[0], inside[1], `${inside[2]}.${name}`, `${inside[3]}.${name}`);
    }
  }
}
