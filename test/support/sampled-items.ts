/** Items as agencies' adapters read them from the pretend systems, over their real protocols. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Adapter, AgencySource, Item } from '../../adapters/kit/contract.ts';
import { makeTownship } from '../../seeds/township/township.ts';
import { readAdapterSettings } from '../../src/config.ts';
import { startSystem } from './test-hub.ts';

/** All items of a town of 60 people, in the order in which they come. */
export async function sampledItems(adapter: Adapter, seed: number): Promise<Item<unknown>[]> {
  const town = makeTownship({ population: 60, seed });
  const postgresUrl = process.env.TEST_POSTGRES_URL;
  const system = await startSystem(adapter.agency.code, { town, seed, postgresUrl });
  const io = { fetch, now: () => new Date() };
  const source: AgencySource<unknown> = adapter.connect(readAdapterSettings(adapter, system.environment) as never, io);
  try {
    return source.changes ? await pulled(source) : await pushed(source, system);
  } finally {
    await source.close?.();
    await system.stop();
  }
}

async function pulled(source: AgencySource<unknown>): Promise<Item<unknown>[]> {
  const items: Item<unknown>[] = [];
  const { signal } = new AbortController();
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<NonNullable<typeof source.changes>>> = await source.changes!(after, 500, { signal });
    items.push(...page.items);
    after = page.next;
    if (page.done) return items;
  }
}

async function pushed(source: AgencySource<unknown>, system: Awaited<ReturnType<typeof startSystem>>) {
  const items: Item<unknown>[] = [];
  const server = createServer(async (request, response) => {
    const headers = request.headers as Record<string, string | undefined>;
    items.push(...(await source.push!.read({ headers, body: await buffer(request) })));
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  system.deliverTo!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await system.drained!();
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  return items;
}
