/** What the door adds to an answer of Apollo Server: its cost for those who ask, no suggestions for those who may not. */
import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../access/principal.ts';
import { HubError } from '../domain/error-codes.ts';
import type { Context } from './context.ts';
import { type Admission, type Door, refusal, wantsCost } from './door.ts';

const withoutSuggestion = (message: string): string => message.replace(/ ?Did you mean [\s\S]*?\?(?= |$)/g, '');

export const hideSuggestions = <E extends { readonly message: string }>(error: E): E => ({
  ...error,
  message: withoutSuggestion(error.message),
});

/** Whoever brought a token that was not accepted is told why, with what is refused to him. */
const withTokenProblem = (error: GraphQLFormattedError, { tokenProblem }: Principal): GraphQLFormattedError =>
  tokenProblem && error.extensions?.code === 'FORBIDDEN'
    ? { ...error, extensions: { ...error.extensions, tokenProblem } }
    : error;

/** By the principal, which is made for each request: Apollo Server copies the context. */
export type Admissions = WeakMap<Principal, Admission>;

export const doorPlugin = (door: Door, admissions: Admissions): ApolloServerPlugin<Context> => ({
  requestDidStart: async () => ({
    // Should the server ever read a request in another way than the door did, it does not run.
    didResolveOperation: async ({ contextValue, source }) => {
      if (admissions.get(contextValue.principal)?.text === source) return;
      throw refusal(new HubError('BAD_USER_INPUT', 'The request can be read in more than one way'));
    },
    willSendResponse: async ({ response, contextValue, request }) => {
      if (response.body.kind !== 'single') return;
      const result = response.body.singleResult;
      const errors: readonly GraphQLFormattedError[] | undefined = result.errors;
      if (errors && !door.showsSchema(contextValue.principal)) result.errors = errors.map(hideSuggestions);
      result.errors &&= result.errors.map(error => withTokenProblem(error, contextValue.principal));
      const { purposeProblem } = contextValue.principal;
      if (purposeProblem) result.extensions = { ...result.extensions, purposeProblem };
      const cost = admissions.get(contextValue.principal)?.cost;
      if (cost && wantsCost(request.extensions)) result.extensions = { ...result.extensions, cost };
    },
  }),
});
