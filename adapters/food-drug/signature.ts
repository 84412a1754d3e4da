/** Both directions are signed in the same way: HMAC-SHA256 over `timestamp.body` with the shared secret. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SourceError } from '../kit/index.ts';

export const TIMESTAMP_HEADER = 'x-ea-timestamp';
export const SIGNATURE_HEADER = 'x-ea-signature';
const PREFIX = 'sha256=';

const digest = (secret: string, timestamp: string, body: string | Uint8Array): Buffer =>
  createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();

/** The headers that prove a body: seconds since 1970, and `sha256=` with 64 hexadecimal digits. */
export const signedHeaders = (secret: string, body: string, now: Date): Record<string, string> => {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return {
    [TIMESTAMP_HEADER]: timestamp,
    [SIGNATURE_HEADER]: `${PREFIX}${digest(secret, timestamp, body).toString('hex')}`,
  };
};

interface Proof {
  readonly secret: string;
  readonly toleranceSeconds: number;
  readonly now: Date;
}

/** Throws a SourceError of kind REFUSED unless the holder of the secret signed this body just now. */
export function demandSignature(
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
  { secret, toleranceSeconds, now }: Proof,
): void {
  const timestamp = headers[TIMESTAMP_HEADER] ?? '';
  const signature = headers[SIGNATURE_HEADER] ?? '';
  if (!/^\d{10}$/.test(timestamp) || !/^sha256=[\da-f]{64}$/i.test(signature)) {
    throw new SourceError('REFUSED', 'the delivery is not signed');
  }
  const given = Buffer.from(signature.slice(PREFIX.length), 'hex');
  if (!timingSafeEqual(given, digest(secret, timestamp, body))) {
    throw new SourceError('REFUSED', 'the signature of the delivery is wrong');
  }
  // Checked after the signature, so that only the agency learns how far its clock is off.
  const apartSeconds = Math.abs(now.getTime() / 1000 - Number(timestamp));
  if (apartSeconds > toleranceSeconds) {
    throw new SourceError('REFUSED', `the delivery was signed more than ${toleranceSeconds} s away from now`);
  }
}
