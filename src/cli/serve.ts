/** npm start: the hub alone, with settings from the environment. SIGTERM and SIGINT stop it in order. */
import { ConfigError, readConfig } from '../config.ts';
import { startHub } from '../hub.ts';

/** What has not stopped by itself in this time, plus the time for closing sockets, is ended. */
const stopDeadlineMs = 10_000;

try {
  const config = readConfig(process.env);
  const hub = await startHub(config, process.env);
  const stop = () => {
    setTimeout(() => process.exit(1), stopDeadlineMs + config.hubDrainMs).unref();
    hub.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  // A wrong setting is one line; anything else shows where it came from.
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
