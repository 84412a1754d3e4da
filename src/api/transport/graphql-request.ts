/** What a request over HTTP asks for. It is read as Apollo Server reads it, so that what is checked is what runs. */
import type { FastifyRequest } from 'fastify';
import type { GraphqlRequest } from '../admission/admission-control.ts';

export const graphqlRequestOf = ({ method, url, body }: FastifyRequest): GraphqlRequest => {
  if (method === 'GET') return requestOfUrl(url);
  return typeof body === 'object' && body !== null ? body : {};
};

/** Apollo Server refuses what is not JSON. */
function requestOfUrl(url: string): GraphqlRequest {
  const given = new URL(url, 'http://hub').searchParams;
  const json = (name: string): unknown => {
    try {
      return JSON.parse(given.get(name) ?? 'null');
    } catch {
      return null;
    }
  };
  return {
    query: given.get('query'),
    operationName: given.get('operationName'),
    variables: json('variables'),
    extensions: json('extensions'),
  };
}
