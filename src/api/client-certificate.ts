/** TLS of the hub's own, and the certificates of agencies that push (mutual TLS). */
import type { IncomingMessage } from 'node:http';
import type { ServerOptions } from 'node:https';
import { TLSSocket } from 'node:tls';

/** All in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Who signs the certificates of agencies; without it none is asked for. */
  readonly pushClientCa: string | null;
}

/** Everybody may connect without a certificate: whether one is needed is a matter of the route. */
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
