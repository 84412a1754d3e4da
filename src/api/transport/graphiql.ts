/** Serves GraphiQL to browsers, without loading anything from other servers. The page is built on the first request. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

interface Page {
  readonly gzipped: Buffer;
  readonly policy: string;
}

export function serveGraphiql(app: FastifyInstance, path: string): void {
  let page: Page | null = null;
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET') return;
    const [pathname, search = ''] = request.url.split('?');
    if (pathname === '/') return reply.redirect(path);
    const wantsPage = request.headers.accept?.includes('text/html');
    if (!wantsPage || pathname !== path || new URLSearchParams(search).has('query')) return;
    page ??= await makePage(path);
    return reply
      .type('text/html; charset=utf-8')
      .header('content-encoding', 'gzip')
      .header('cache-control', 'no-cache')
      .header('content-security-policy', page.policy)
      .send(page.gzipped);
  });
}

async function makePage(endpoint: string): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    endpoint,
    title: 'Outpost Hub',
    subscriptionsProtocol: 'WS',
    defaultQuery: firstQuery,
  });
  return { gzipped: gzipSync(html), policy: policyOf(html) };
}

/**
 * Content security policy: the page holds all it needs, so it may run its own scripts (by digest) and their workers,
 * and connect to this hub only.
 */
function policyOf(html: string): string {
  const scripts = [...html.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script/g)].map(([, script]) => script!);
  const digests = scripts.map(script => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src ${digests.join(' ')}`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    'worker-src blob: data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const firstQuery = `# Agencies and how fresh their records are: this part is public.
# With a token ({"authorization": "Bearer ..."} under Headers) you see more.
{
  agencies { nodes { code name freshness { modes lagSeconds parked } } }
}
`;
