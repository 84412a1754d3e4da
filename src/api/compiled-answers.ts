/** Queries are answered by compiled reads instead of Apollo Server's executor. */
import { type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import {
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  getOperationAST,
  getVariableValues,
  Kind,
  OperationTypeNode,
} from 'graphql';
import type { Logger } from 'pino';
import { type Answered, answerQuery } from './answer-question.ts';
import type { Context } from './context.ts';
import { tellClient } from './errors.ts';
import { planExtension } from './plan-extension.ts';

export const compiledAnswers = (log: Logger): ApolloServerPlugin<Context> => ({
  requestDidStart: async () => ({
    responseForOperation: async ({ schema, document, request, operationName, contextValue }) => {
      const variableValues = request.variables;
      const answered = await answerOf({ schema, document, variableValues, operationName, contextValue });
      if (!answered) return null;
      const errors = answered.errors.map(error => tellClient(error.toJSON(), error, log));
      const extensions = await planExtension(contextValue, request.extensions, answered);
      const singleResult = { ...(errors.length && { errors }), data: answered.data, ...(extensions && { extensions }) };
      return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult } } as never;
    },
  }),
});

/** As graphql-js's own, for operations that come over sockets. */
export async function executeCompiled(args: ExecutionArgs): Promise<ExecutionResult> {
  const answered = await answerOf(args);
  if (!answered) return execute(args);
  const { errors, data } = answered;
  return { ...(errors.length && { errors }), data: (data?.toJSON() ?? null) as Record<string, unknown> | null };
}

/** Null: it is no query, or its variables are not what they should be; that is graphql-js's to say. */
async function answerOf({
  schema,
  document,
  variableValues,
  operationName,
  contextValue,
}: ExecutionArgs): Promise<Answered | null> {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== OperationTypeNode.QUERY) return null;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {}, {
    maxErrors: 50,
  });
  if (!coerced) return null;
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return answerQuery({ schema, operation, fragments, variableValues: coerced, context: contextValue as Context });
}
