/** What a request over HTTP asks for, read as Apollo Server reads it, so that what is checked is what runs. */
import type { FastifyRequest } from 'fastify';
import { parseJson } from '../../../adapters/kit/json.ts';
import { deepestJson } from '../../access/limits.ts';
import type { GraphqlRequest } from '../admission/admission-control.ts';

export const graphqlRequestOf = ({ method, url, body }: FastifyRequest): GraphqlRequest => {
  if (method === 'GET') return requestOfUrl(url);
  return typeof body === 'object' && body !== null ? body : {};
};

/** What is not JSON stays the text that it is: admission control refuses it. */
function requestOfUrl(url: string): GraphqlRequest {
  const given = new URL(url, 'http://hub').searchParams;
  const json = (name: string): unknown => {
    const text = given.get(name) ?? 'null';
    try {
      return parseJson(text, deepestJson);
    } catch {
      return text;
    }
  };
  return {
    query: given.get('query'),
    operationName: given.get('operationName'),
    documentId: given.get('documentId'),
    variables: json('variables'),
    extensions: json('extensions'),
  };
}
