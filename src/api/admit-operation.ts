/** An operation that does not come through Apollo Server, over a socket or a stream: looked at by the door, and validated. */
import { type DocumentNode, GraphQLError, type GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Principal } from '../access/principal.ts';
import { trailOperation } from './audited-answers.ts';
import type { CompiledAnswers } from './compiled-answers.ts';
import { Context, type Hub } from './context.ts';
import { type CostReport, type Door, type DoorRequest, refusal } from './door.ts';
import { hideSuggestions } from './door-plugin.ts';
import { toldError } from './errors.ts';
import { resumeUnits } from './resume-units.ts';
import type { DocumentShelf } from './subscribed-document.ts';

export interface OperationParts {
  readonly schema: GraphQLSchema;
  readonly answers: CompiledAnswers;
  readonly hub: Hub;
  readonly shelf: DocumentShelf;
  readonly door: Door;
  readonly log: Logger;
}
export interface AdmittedOperation {
  readonly document: DocumentNode;
  readonly text: string;
  readonly cost: CostReport;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly contextValue: Context;
}

/** Errors are as a client is told them. */
export function admitOperation(
  { schema, hub, shelf, door, log }: OperationParts,
  principal: Principal,
  address: string,
  request: DoorRequest,
): AdmittedOperation | readonly GraphQLError[] {
  const told = (errors: readonly GraphQLError[], code?: string) =>
    errors
      .map(error => toldError(error, log, code))
      .map(error => (door.showsSchema(principal) ? error : withoutSuggestion(error)));
  try {
    const admission = door.admit(principal, address, request);
    if (!admission) return told([unknownOperation()]);
    door.charge(principal, address, resumeUnits(schema, admission.document, request, hub));
    const { document, errors } = shelf.of(admission.text, admission.document);
    if (errors.length) return told(errors, 'GRAPHQL_VALIDATION_FAILED');
    const operationName = typeof request.operationName === 'string' ? request.operationName : null;
    const variables = (request.variables ?? {}) as Readonly<Record<string, unknown>>;
    const contextValue = new Context(hub, principal);
    contextValue.trail.operation = trailOperation(document, operationName);
    return { document, text: admission.text, cost: admission.cost, operationName, variables, contextValue };
  } catch (error) {
    return told([refusal(error)]);
  }
}

export const isRefused = (admitted: AdmittedOperation | readonly GraphQLError[]): admitted is readonly GraphQLError[] =>
  Array.isArray(admitted);

const unknownOperation = () =>
  new GraphQLError('PersistedQueryNotFound', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } });

const withoutSuggestion = (error: GraphQLError): GraphQLError =>
  new GraphQLError(hideSuggestions({ message: error.message }).message, error);
