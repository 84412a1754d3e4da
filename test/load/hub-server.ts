/** The hub as operators run it, with every agency known and none connected; the settings come from the environment. */
import { readConfig } from '../../src/config.ts';
import { startHub } from '../../src/hub.ts';
import { silentAdapters } from '../support/silent-adapters.ts';
import { ready } from './contender-task.ts';

const hub = await startHub(readConfig(process.env), process.env, await silentAdapters());
process.once('SIGTERM', () => hub.stop().then(() => process.exit(0)));
ready(Number(new URL(hub.url).port));
