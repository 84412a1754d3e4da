/** npm start: the hub alone, with settings from the environment. SIGTERM and SIGINT stop it in order. */
import { readConfig } from '../config.ts';
import { startHub } from '../hub.ts';
import { readWords, runAsProcess } from './command.ts';

/** What has not stopped by itself in this time, plus the time for closing sockets, is ended. */
const stopDeadlineMs = 10_000;
const about = 'Runs the hub alone. Its settings are environment variables: schema/settings.md lists them.';

await runAsProcess('npm start', about, async args => {
  readWords(args, {});
  const config = readConfig(process.env);
  const hub = await startHub(config, process.env);
  const stop = () => {
    setTimeout(() => process.exit(1), stopDeadlineMs + config.hubDrainMs).unref();
    hub.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  return 0;
});
