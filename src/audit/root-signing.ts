/**
 * Signatures of roots: who makes them and who is believed. Each names its algorithm and its key, and a root may have
 * several, so that another algorithm (SM2) or a time stamp is one more way to sign and one more to verify.
 */
import { spawn } from 'node:child_process';
import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import { once } from 'node:events';

export interface RootSignature {
  readonly algorithm: string;
  /** SHA-256 of the public key (SPKI, DER), in hex. */
  readonly key: string;
  /** When it was made; the signature covers it. */
  readonly at: string;
  /** Base64. */
  readonly value: string;
}

export interface RootSigner {
  /** What roots name as `algorithm`. */
  readonly algorithm: string;
  readonly key: string;
  /** Base64. Rejects when there is no valid signature in time; then the root waits. */
  sign(bytes: Buffer): Promise<string>;
}

const algorithm = 'Ed25519';

/** What is signed: nothing else that the key may sign begins like this. */
const signedBytes = (line: string, by: Omit<RootSignature, 'value'>): Buffer =>
  Buffer.from(`outpost-hub audit root\n${by.algorithm} ${by.key} ${by.at}\n${line}`);

/** @param line the root as it was made, without signatures */
export async function signRoot(signer: RootSigner, line: string, at: string): Promise<RootSignature> {
  const by = { algorithm: signer.algorithm, key: signer.key, at };
  return { ...by, value: await signer.sign(signedBytes(line, by)) };
}

const publicHalf = (key: KeyObject): KeyObject => (key.type === 'private' ? createPublicKey(key) : key);
const keyId = (key: KeyObject): string =>
  hash('sha256', publicHalf(key).export({ type: 'spki', format: 'der' }), 'hex');

/** Signs by a private key that the hub holds. */
export function keySigner(key: KeyObject): RootSigner {
  return { algorithm, key: keyId(key), sign: async bytes => sign(null, bytes, key).toString('base64') };
}

/** A signature has 88 characters. */
const mostOutput = 10_000;

/**
 * Signs by a program, as for a key in a hardware module: it gets the bytes on standard input and prints the signature in
 * base64.
 *
 * @param key the public half, by which every signature is checked before it is used
 */
export function commandSigner(program: string, key: KeyObject, deadlineMs: number): RootSigner {
  const run = async (bytes: Buffer) => {
    const value = await outputOf(program, bytes, deadlineMs);
    if (verify(null, bytes, publicHalf(key), Buffer.from(value, 'base64'))) return value;
    throw new Error('The program that signs roots printed no signature of its key');
  };
  return { algorithm, key: keyId(key), sign: run };
}

async function outputOf(program: string, input: Buffer, deadlineMs: number): Promise<string> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'ignore'], timeout: deadlineMs, killSignal: 'SIGKILL' });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.length > mostOutput) child.kill('SIGKILL');
  });
  // A program that ends without reading is judged by what it printed.
  child.stdin.on('error', () => {}).end(input);
  const [code, signal] = await once(child, 'close');
  if (code === 0) return output.trim();
  throw new Error(`The program that signs roots failed (${signal ?? `exit code ${code}`})`);
}

/** The public keys whose signatures are believed. */
export class TrustedKeys {
  private readonly keys: ReadonlyMap<string, KeyObject>;

  constructor(keys: readonly KeyObject[]) {
    this.keys = new Map(keys.map(key => [keyId(key), publicHalf(key)]));
  }
  /** In hex, as roots name them. */
  get ids(): string[] {
    return [...this.keys.keys()];
  }

  /** What is wrong with the signature; null when it is good. */
  faultOf(line: string, { value, ...by }: RootSignature): 'unknown' | 'forged' | null {
    const key = by.algorithm === algorithm ? this.keys.get(by.key) : undefined;
    if (!key) return 'unknown';
    return verify(null, signedBytes(line, by), key, Buffer.from(value, 'base64')) ? null : 'forged';
  }
}
