/**
 * Admission of operations that do not come through Apollo Server (over a socket or an event stream): checks and
 * validates them.
 */
import { type ExecutionArgs, GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql';
import type { Logger } from 'pino';
import type { Principal } from '../../access/principal.ts';
import { HubError } from '../../domain/error-codes.ts';
import { trailOperation } from '../request/audited-answers.ts';
import { Context, type Hub } from '../request/context.ts';
import { toClientError } from '../request/errors.ts';
import type { Presence } from '../request/presence.ts';
import {
  type AdmissionControl,
  type CostReport,
  type GraphqlRequest,
  refusal,
  storedIdOf,
} from './admission-control.ts';
import { hideSuggestions } from './admission-plugin.ts';
import type { DocumentCache } from './document-cache.ts';
import { resumeUnits } from './resume-units.ts';

export interface OperationParts {
  readonly schema: GraphQLSchema;
  readonly hub: Hub;
  readonly documents: DocumentCache;
  readonly admissionControl: AdmissionControl;
  readonly log: Logger;
}
export interface AdmittedOperation {
  readonly text: string;
  readonly cost: CostReport;
  readonly context: Context;
  /** What graphql-js needs to run it; its context is the same. */
  readonly execution: ExecutionArgs;
}

/** Returned errors are already in the form that clients receive. */
export function admitOperation(
  { schema, hub, documents, admissionControl, log }: OperationParts,
  principal: Principal,
  address: string,
  request: GraphqlRequest,
  presence: Presence,
): AdmittedOperation | readonly GraphQLError[] {
  const toClient = (errors: readonly GraphQLError[], code?: string) =>
    errors
      .map(error => toClientError(error, log, code))
      .map(error => (admissionControl.showsSchema(principal) ? error : withoutSuggestion(error)));
  try {
    const admission = admissionControl.admit(principal, address, request);
    if (!admission) throw storedIdOf(request) === null ? noQuery() : unknownOperation();
    admissionControl.charge(principal, address, resumeUnits(schema, admission.document, request, hub));
    const { document, errors } = documents.of(admission.text, admission.document);
    if (errors.length) return toClient(errors, 'GRAPHQL_VALIDATION_FAILED');
    const operationName = typeof request.operationName === 'string' ? request.operationName : null;
    if (!getOperationAST(document, operationName)) throw noOperation(operationName);
    const variableValues = (request.variables ?? {}) as Readonly<Record<string, unknown>>;
    const context = new Context(hub, principal);
    context.share = admissionControl.shareOf(principal, address, admission.isHeavy, presence.whenGone);
    context.trail.operation = trailOperation(document, operationName);
    const execution = { schema, document, variableValues, operationName, contextValue: context };
    return { text: admission.text, cost: admission.cost, context, execution };
  } catch (error) {
    return toClient([hasCode(error) ? error : refusal(error)]);
  }
}

export const isRefused = <T>(result: T | readonly GraphQLError[]): result is readonly GraphQLError[] =>
  Array.isArray(result);

const hasCode = (error: unknown): error is GraphQLError =>
  error instanceof GraphQLError && typeof error.extensions.code === 'string';

const noQuery = () =>
  new HubError('BAD_USER_INPUT', 'The request has no `query`: send JSON with the text of an operation');
const unknownOperation = () =>
  new GraphQLError('PersistedQueryNotFound', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } });
const noOperation = (name: string | null) =>
  new GraphQLError(
    name === null
      ? 'The document has several operations: name one by `operationName`'
      : 'The document has no operation with the name that `operationName` gives',
    { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } },
  );

const withoutSuggestion = (error: GraphQLError): GraphQLError =>
  new GraphQLError(hideSuggestions({ message: error.message }).message, error);
