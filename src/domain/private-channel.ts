/**
 * Channels that nobody on the way can read or change: TLS whose certificate is checked, or a server on this machine.
 * What comes over another one proves nothing, and what is sent over it is anybody's.
 */
import { BlockList, isIP } from 'node:net';

const thisMachine = new BlockList();
thisMachine.addSubnet('127.0.0.0', 8, 'ipv4');
thisMachine.addAddress('::1', 'ipv6');

/** @param host a name or an address; one of IPv6 with or without its brackets */
export function isThisMachine(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  return bare === 'localhost' || (family > 0 && thisMachine.check(bare, family === 6 ? 'ipv6' : 'ipv4'));
}

export const isPrivateChannel = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname));

/**
 * The same of a PostgreSQL URL, by its words alone. `sslmode=require` is not enough: what it checks depends on who reads
 * it (libpq checks nothing), while `verify-full`, and `verify-ca` with a root of one's own, mean the same to all.
 */
export function isPrivateDatabase(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !['postgres:', 'postgresql:'].includes(url.protocol)) return false;
  // Of a parameter that is given twice, readers differ on which one counts.
  const [host, mode, root] = ['host', 'sslmode', 'sslrootcert'].map(name => url.searchParams.getAll(name));
  if (host!.length > 1 || mode!.length > 1 || root!.length > 1) return false;
  const server = host![0] ?? decodeURIComponent(url.hostname);
  if (server.startsWith('/') || isThisMachine(server)) return true;
  return mode![0] === 'verify-full' || (mode![0] === 'verify-ca' && Boolean(root![0]));
}
