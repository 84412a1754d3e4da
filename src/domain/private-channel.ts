/**
 * Whether nobody can tamper with the connection: TLS, or a server on this machine. Otherwise what it returns proves
 * nothing.
 */
export const isPrivateChannel = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname));
