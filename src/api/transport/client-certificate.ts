/** TLS of the hub itself, and the certificates of agencies that push (mutual TLS). */
import type { IncomingMessage } from 'node:http';
import type { ServerOptions } from 'node:https';
import { TLSSocket } from 'node:tls';

/** All in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** The authority that signs the agencies' certificates; if null, no certificate is requested. */
  readonly pushClientCa: string | null;
}

/** Anybody may connect without a certificate: the route decides whether one is needed. */
export function tlsOptions({ cert, key, pushClientCa }: TlsFiles): ServerOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(pushClientCa && { ca: pushClientCa, requestCert: true, rejectUnauthorized: false }),
  };
}

/** Whether the connection was opened with a valid certificate in the name (CN) of this agency. */
export function isCertified({ socket }: IncomingMessage, agency: string): boolean {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
  return socket.getPeerCertificate().subject?.CN === agency;
}
