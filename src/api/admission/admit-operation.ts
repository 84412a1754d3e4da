/**
 * Admission of operations that do not come through Apollo Server (over a socket or an event stream): checks and
 * validates them.
 */
import { type ExecutionArgs, GraphQLError, type GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Principal } from '../../access/principal.ts';
import { trailOperation } from '../request/audited-answers.ts';
import { Context, type Hub } from '../request/context.ts';
import { toClientError } from '../request/errors.ts';
import { type AdmissionControl, type CostReport, type GraphqlRequest, refusal } from './admission-control.ts';
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
): AdmittedOperation | readonly GraphQLError[] {
  const told = (errors: readonly GraphQLError[], code?: string) =>
    errors
      .map(error => toClientError(error, log, code))
      .map(error => (admissionControl.showsSchema(principal) ? error : withoutSuggestion(error)));
  try {
    const admission = admissionControl.admit(principal, address, request);
    if (!admission) return told([unknownOperation()]);
    admissionControl.charge(principal, address, resumeUnits(schema, admission.document, request, hub));
    const { document, errors } = documents.of(admission.text, admission.document);
    if (errors.length) return told(errors, 'GRAPHQL_VALIDATION_FAILED');
    const operationName = typeof request.operationName === 'string' ? request.operationName : null;
    const variableValues = (request.variables ?? {}) as Readonly<Record<string, unknown>>;
    const context = new Context(hub, principal);
    context.trail.operation = trailOperation(document, operationName);
    const execution = { schema, document, variableValues, operationName, contextValue: context };
    return { text: admission.text, cost: admission.cost, context, execution };
  } catch (error) {
    return told([refusal(error)]);
  }
}

export const isRefused = <T>(result: T | readonly GraphQLError[]): result is readonly GraphQLError[] =>
  Array.isArray(result);

const unknownOperation = () =>
  new GraphQLError('PersistedQueryNotFound', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } });

const withoutSuggestion = (error: GraphQLError): GraphQLError =>
  new GraphQLError(hideSuggestions({ message: error.message }).message, error);
