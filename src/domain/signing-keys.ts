/** Keys that sign, read from the text of a PEM file. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

const pemBlocks = /-----BEGIN (PRIVATE|PUBLIC) KEY-----[\s\S]+?-----END \1 KEY-----/g;

/** The keys of a PEM text. Throws when one of them is no Ed25519 key, or there is none. */
export function readSigningKeys(pem: string): KeyObject[] {
  const keys = [...pem.matchAll(pemBlocks)].map(([block, kind]) =>
    kind === 'PRIVATE' ? createPrivateKey(block) : createPublicKey(block),
  );
  if (keys.length && keys.every(key => key.asymmetricKeyType === 'ed25519')) return keys;
  throw new Error('There should be Ed25519 keys only, and at least one');
}
