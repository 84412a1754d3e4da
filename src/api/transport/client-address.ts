/** The address that a request comes from, as far as it can be trusted. */
import type { IncomingMessage } from 'node:http';

export interface TrustedProxies {
  has(address: string): boolean;
}

/**
 * The address of the socket; where that is a trusted proxy, the last address in `x-forwarded-for` that is not a trusted
 * proxy itself. Addresses before that one are not trusted, since the client may have written them.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: TrustedProxies): string {
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
  let address = plainAddress(request.socket.remoteAddress ?? 'unknown');
  while (trustedProxies.has(address)) {
    const hop = hops.pop()?.trim();
    if (!hop) break;
    address = plainAddress(hop.slice(0, 64));
  }
  return address;
}

/** Without the prefix of IPv4 in IPv6. */
export const plainAddress = (address: string) => address.replace(/^::ffff:(?=\d+\.)/, '');
