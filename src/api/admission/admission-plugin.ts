/**
 * What admission control changes in answers of Apollo Server: it adds the cost on request, and removes suggestions for
 * readers who may not see the schema.
 */
import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../access/principal.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { Context } from '../request/context.ts';
import { type Admission, type AdmissionControl, refusal, wantsCost } from './admission-control.ts';

const withoutSuggestion = (message: string): string => message.replace(/ ?Did you mean [\s\S]*?\?(?= |$)/g, '');

export const hideSuggestions = <E extends { readonly message: string }>(error: E): E => ({
  ...error,
  message: withoutSuggestion(error.message),
});

const onStreamsOnly = 'Subscriptions run on streams: over a WebSocket at /graphql, or as events at /graphql/stream';

/**
 * Keyed by the principal, which is made anew for each request; the context cannot be the key, because Apollo Server
 * copies it.
 */
export type Admissions = WeakMap<Principal, Admission>;

export const admissionPlugin = (
  admissionControl: AdmissionControl,
  admissions: Admissions,
): ApolloServerPlugin<Context> => ({
  requestDidStart: async () => ({
    // If Apollo Server should read a request differently from admission control, the request does not run.
    didResolveOperation: async ({ contextValue, source, operation }) => {
      if (operation?.operation === 'subscription') throw refusal(new HubError('BAD_USER_INPUT', onStreamsOnly));
      if (admissions.get(contextValue.principal)?.text === source) return;
      throw refusal(new HubError('BAD_USER_INPUT', 'The request is ambiguous: send one query or stored operation id'));
    },
    willSendResponse: async ({ response, contextValue, request }) => {
      if (response.body.kind !== 'single') return;
      const result = response.body.singleResult;
      const errors: readonly GraphQLFormattedError[] | undefined = result.errors;
      if (errors && !admissionControl.showsSchema(contextValue.principal)) result.errors = errors.map(hideSuggestions);
      const { purposeProblem } = contextValue.principal;
      if (purposeProblem) result.extensions = { ...result.extensions, purposeProblem };
      const cost = admissions.get(contextValue.principal)?.cost;
      if (cost && wantsCost(request.extensions)) result.extensions = { ...result.extensions, cost };
    },
  }),
});
