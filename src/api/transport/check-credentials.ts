/**
 * Checks the credentials of every request over HTTP by its head, before the body is read: a route that is added later
 * refuses bad ones too, unless it says that it reads none.
 */
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Principal } from '../../access/principal.ts';
import { HubError } from '../../domain/error-codes.ts';
import { credentialsOf, type Readers } from '../request/readers.ts';
import { sendRefusal } from './http.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who the credentials name, without a purpose; null only on routes that read no credentials. */
    reader: Principal | null;
  }
  interface FastifyContextConfig {
    /** For routes that show the same to everybody, or know their clients by other means. */
    readonly credentials?: 'not read';
  }
}

export function checkCredentials(app: FastifyInstance, readers: Readers, log: Logger): void {
  app.decorateRequest('reader', null);
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config?.credentials === 'not read') return undefined;
    try {
      request.reader = await readers.identify(credentialsOf(request.raw));
      return undefined;
    } catch (error) {
      if (error instanceof HubError) return sendRefusal(request, reply, error, log);
      throw error;
    }
  });
}
