/**
 * What clients receive for an error: a code of the one list. For an unexpected error they get a reference number, and
 * its details go to the log.
 */
import { randomUUID } from 'node:crypto';
import { type ASTNode, GraphQLError, type GraphQLFormattedError, isValueNode, Kind, print } from 'graphql';
import type { Logger } from 'pino';
import { errorCodes, HubError } from '../../domain/error-codes.ts';
import { errorFacts } from '../../domain/error-facts.ts';

/** Codes of GraphQL servers for requests that never ran; their messages come from graphql-js and are about the document. */
const requestCodes = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_REQUEST',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

export function formatClientError(
  formatted: GraphQLFormattedError,
  error: unknown,
  log: Logger,
): GraphQLFormattedError {
  const original = originalOf(error);
  const { locations, path } = formatted;
  const place = { ...(locations && { locations }), ...(path && { path }) };
  if (original instanceof HubError) {
    const { code, message, details } = original;
    if (original.cause) log.warn({ code, cause: errorFacts(original.cause), ...details }, 'a part of a request failed');
    return { message, ...place, extensions: { code, retry: errorCodes[code].retry, ...details } };
  }
  const code = formatted.extensions?.code;
  const message = withoutValues(formatted.message, error);
  if (typeof code === 'string' && requestCodes.has(code)) return { message, ...place, extensions: { code } };
  if (code === 'BAD_USER_INPUT' || variableOf(error) || (original instanceof GraphQLError && !path)) {
    return { message, ...place, extensions: { code: 'BAD_USER_INPUT', retry: false } };
  }
  const reference = randomUUID().slice(0, 8);
  log.error({ reference, error: errorFacts(original) }, 'a request failed unexpectedly');
  return {
    message: `The hub failed: report the reference ${reference} to its administrator`,
    ...place,
    extensions: { code: 'INTERNAL', retry: true, reference },
  };
}

/** The head of an answer that is this error as a whole, on every transport that has a head. */
export function headOf({ code, details }: HubError): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
} {
  const { retryAfterMs, reason } = details;
  return {
    status: errorCodes[code].status,
    headers: {
      ...(typeof retryAfterMs === 'number' && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
      // RFC 6750, which allows no quotation mark and no backslash in the description.
      ...(code === 'UNAUTHENTICATED' && {
        'www-authenticate': `Bearer error="invalid_token", error_description="${String(reason).replace(/[^ !#-[\]-~]/g, "'")}"`,
      }),
    },
  };
}

function originalOf(error: unknown): unknown {
  let current = error;
  while (current instanceof GraphQLError && current.originalError) current = current.originalError;
  return current;
}

const nodesOf = (error: unknown): readonly ASTNode[] => (error instanceof GraphQLError ? (error.nodes ?? []) : []);
const variableOf = (error: unknown) => nodesOf(error).find(node => node.kind === Kind.VARIABLE_DEFINITION);

/**
 * Removes values from a message: graphql-js quotes what does not fit, which may be somebody's identity number; the
 * place says enough.
 */
export function withoutValues(message: string, error: unknown): string {
  const variable = variableOf(error);
  if (variable && message.includes('got invalid value'))
    return `Variable "$${variable.variable.name.value}" has an invalid value: it should be of the type ${print(variable.type)}`;
  const literal = nodesOf(error).some(node => isValueNode(node) && node.kind !== Kind.VARIABLE);
  if (literal) return 'A value in the document is not of the type that is expected there';
  return message.replace(/\b(Int|Float|String|BlockString) "[\s\S]*"/, '$1');
}

/**
 * Makes an error of graphql-js, because servers of streams send only those; anything else would end the whole socket.
 */
export function toClientError(error: GraphQLError, log: Logger, code?: string): GraphQLError {
  const formatted = error.toJSON();
  const named = code ? { ...formatted, extensions: { ...formatted.extensions, code } } : formatted;
  const { message, path, extensions } = formatClientError(named, error, log);
  const { nodes, source, positions } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

export function graphqlError(error: unknown): GraphQLError {
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}
