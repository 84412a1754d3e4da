/** Deliveries that were not taken because of what they are or who sent them, for the audit log. */
import type { FastifyInstance } from 'fastify';
import type { Hub } from '../request/context.ts';

/** Must be called before the routes of deliveries are registered. The agency is the one in whose name it came. */
export function noteRefusedDeliveries(
  app: FastifyInstance,
  receivers: ReadonlyMap<string, unknown>,
  { refusals }: Pick<Hub['audit'], 'refusals'>,
): void {
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode;
    if (status < 400 || status >= 500) return;
    const { agency: named } = request.params as { readonly agency?: string };
    const agency = named !== undefined && receivers.has(named) ? named : null;
    const who = { subject: null, role: 'agency', agency, session: null };
    refusals.note({ act: 'delivery', who, channel: 'http', about: { code: `HTTP ${status}` } });
  });
}
