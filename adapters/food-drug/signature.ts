/** Both directions are signed in the same way: HMAC-SHA256 over `timestamp.body` with the shared secret. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Delivery, type DeliveryHeaders, SourceError } from '../kit/index.ts';

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

/** Throws a SourceError of kind REFUSED unless the headers hold a signature of just now; whose, only the body tells. */
export function demandRecentSignature(headers: DeliveryHeaders, toleranceSeconds: number, now: Date): void {
  const { timestamp } = signatureOf(headers);
  const apartSeconds = Math.abs(now.getTime() / 1000 - Number(timestamp));
  if (apartSeconds > toleranceSeconds) {
    throw new SourceError('REFUSED', `the delivery was signed more than ${toleranceSeconds} s away from now`);
  }
}

/** Throws a SourceError of kind REFUSED unless the holder of the secret signed this body. */
export function demandSignature({ headers, body }: Delivery, secret: string): void {
  const { timestamp, given } = signatureOf(headers);
  if (!timingSafeEqual(given, digest(secret, timestamp, body))) {
    throw new SourceError('REFUSED', 'the signature of the delivery is wrong');
  }
}

function signatureOf(headers: DeliveryHeaders): { readonly timestamp: string; readonly given: Buffer } {
  const timestamp = headers[TIMESTAMP_HEADER] ?? '';
  const signature = headers[SIGNATURE_HEADER] ?? '';
  if (!/^\d{10}$/.test(timestamp) || !/^sha256=[\da-f]{64}$/i.test(signature)) {
    throw new SourceError('REFUSED', 'the delivery is not signed');
  }
  return { timestamp, given: Buffer.from(signature.slice(PREFIX.length), 'hex') };
}
