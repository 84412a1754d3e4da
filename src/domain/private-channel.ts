/** What somebody on the way can exchange is worth nothing as proof: TLS, or a server on this machine. */
export const isPrivateChannel = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname));
