/** The identity provider in a process of its own; it does what its parent says and ends when its parent does. */
import type { ProviderAnswer, ProviderOrder } from './provider-process.ts';
import { IdentityServer, type ServerSetup } from './server.ts';

const server = await IdentityServer.start(JSON.parse(process.argv[2] ?? '{}') as ServerSetup);
const rightNow = Date.now;

function obey(order: ProviderOrder): void {
  if (order.do === 'rotate') server.rotate();
  else Date.now = () => rightNow() + order.aheadSeconds * 1000;
}
const answer = (message: ProviderAnswer) => {
  if (process.connected) process.send!(message);
};

process.on('message', (order: ProviderOrder) => {
  obey(order);
  answer({ issuer: server.issuer });
});
let ending = false;
const end = async () => {
  if (ending) return;
  ending = true;
  await server.stop();
  process.exit(0);
};
process.on('disconnect', end);
process.on('SIGTERM', end);
// Ctrl-C reaches the whole group; the parent decides when to end.
process.on('SIGINT', () => {});
answer({ issuer: server.issuer });
