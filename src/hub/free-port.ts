/** A port that is taken is reported before anything is opened or changed. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Config, ConfigError } from '../config.ts';

export async function demandFreePort({ hubHost, hubPort }: Pick<Config, 'hubHost' | 'hubPort'>): Promise<void> {
  const server = createServer();
  server.listen(hubPort, hubHost);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw portTaken(hubPort);
    if (code === 'EACCES')
      throw new ConfigError(`HUB_PORT should be a port that this user may open; ${hubPort} is none`);
    throw new ConfigError(`HUB_HOST should be an address of this machine; ${hubHost} is none (${code})`);
  }
  server.close();
  await once(server, 'close');
}

/** Somebody may still take it between the look and the hub's own listening. */
export const portTaken = (port: number) => new ConfigError(`HUB_PORT should be a port that is free; ${port} is in use`);
