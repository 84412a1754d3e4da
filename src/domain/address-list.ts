/** Addresses and networks, such as those of proxies. */
import { BlockList, isIP } from 'node:net';

/** A shorter prefix would name a large part of the internet: whoever is in it could write any address. */
const shortestPrefix = { ipv4: 8, ipv6: 16 } as const;

export class AddressList {
  private readonly list = new BlockList();
  private readonly isEmpty: boolean;

  private constructor(parts: readonly Network[]) {
    this.isEmpty = parts.length === 0;
    for (const { address, prefix, family } of parts) this.list.addSubnet(address, prefix, family);
  }

  /** Reads `10.0.0.7,10.1.0.0/24,2001:db8::/32`; null where a part is neither an address nor a network. */
  static parse(text: string): AddressList | null {
    const words = text.split(',').map(word => word.trim());
    const parts = words.filter(Boolean).map(readNetwork);
    return parts.includes(null) ? null : new AddressList(parts as Network[]);
  }

  has(address: string): boolean {
    if (this.isEmpty) return false;
    const family = familyOf(address);
    return family !== null && this.list.check(address, family);
  }
}

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

function readNetwork(word: string): Network | null {
  const [address = '', digits, ...more] = word.split('/');
  const family = familyOf(address);
  if (!family || more.length) return null;
  const longest = family === 'ipv4' ? 32 : 128;
  if (digits === undefined) return { address, prefix: longest, family };
  const prefix = /^\d{1,3}$/.test(digits) ? Number(digits) : 0;
  return prefix >= shortestPrefix[family] && prefix <= longest ? { address, prefix, family } : null;
}

function familyOf(address: string): Network['family'] | null {
  const version = isIP(address);
  return version === 0 ? null : version === 4 ? 'ipv4' : 'ipv6';
}
