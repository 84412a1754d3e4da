/** Which routes the servers of this process register, for tests that say something of every route. */
import { channel } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';

/** Fastify publishes every server that is created on a diagnostics channel. */
export function listenToRoutes() {
  const seen = new Set<string>();
  const made = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) seen.add(`${each} ${url}`);
    });
  };
  const initialised = channel('fastify.initialization');
  initialised.subscribe(made);
  return { seen, stop: () => initialised.unsubscribe(made) };
}
