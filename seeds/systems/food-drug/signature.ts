/** The agency's own signing: HMAC-SHA256 over `timestamp.body`, in both directions. */
import { createHmac, timingSafeEqual } from 'node:crypto';

const signatureOf = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;

export const sign = (secret: string, body: string): Record<string, string> => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  return { 'x-ea-timestamp': timestamp, 'x-ea-signature': signatureOf(secret, timestamp, body) };
};

const MAX_AGE_SECONDS = 300;

export function isSigned(secret: string, timestamp: string, signature: string, body: string): boolean {
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > MAX_AGE_SECONDS) return false;
  const expected = Buffer.from(signatureOf(secret, timestamp, body));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
