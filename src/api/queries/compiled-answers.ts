/** Queries are answered by compiled reads instead of Apollo Server's executor. */
import { type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import { type ExecutionArgs, type ExecutionResult, execute, type GraphQLSchema, getVariableValues } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../request/context.ts';
import { formatClientError } from '../request/errors.ts';
import { noteRefusedReads } from '../request/noted-acts.ts';
import { type Answered, answerPlanned } from './answer-query.ts';
import { planExtension } from './plan-extension.ts';
import { QueryPlans } from './query-plans.ts';

export class CompiledAnswers {
  private readonly plans: QueryPlans;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly log: Logger,
  ) {
    this.plans = new QueryPlans(schema);
  }

  readonly plugin: ApolloServerPlugin<Context> = {
    requestDidStart: async () => ({
      responseForOperation: async ({ schema, document, request, operationName, contextValue }) => {
        const variableValues = request.variables;
        const answered = await this.answer({ schema, document, variableValues, operationName, contextValue });
        if (!answered) return null;
        const errors = answered.errors.map(error => formatClientError(error.toJSON(), error, this.log));
        const extensions = await planExtension(contextValue, request.extensions, answered);
        const singleResult = {
          ...(errors.length && { errors }),
          data: answered.data,
          ...(extensions && { extensions }),
        };
        return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult } } as never;
      },
    }),
  };

  /** Like graphql-js's own `execute`, for what does not come through Apollo Server: streams, exports and dry runs. */
  readonly execute = async (args: ExecutionArgs): Promise<ExecutionResult> => {
    const answered = await this.answer(args);
    if (!answered) return execute(args);
    const { errors, data } = answered;
    return { ...(errors.length && { errors }), data: (data?.toJSON() ?? null) as Record<string, unknown> | null };
  };

  /** Null if it is no query, or if its variables are invalid, which graphql-js then reports. */
  private async answer(args: ExecutionArgs): Promise<Answered | null> {
    const query = this.plans.query(args.document, args.operationName);
    if (!query) return null;
    const declared = query.operation.variableDefinitions ?? [];
    const { coerced } = getVariableValues(this.schema, declared, args.variableValues ?? {}, { maxErrors: 50 });
    if (!coerced) return null;
    const context = args.contextValue as Context;
    const answered = await answerPlanned(this.plans.plan(query, coerced, context), context);
    if (answered.errors.length) noteRefusedReads(context, answered.errors);
    return answered;
  }
}
