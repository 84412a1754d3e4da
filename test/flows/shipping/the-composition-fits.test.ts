/** compose.yaml gives the hub the settings by which its two agencies are found, and starts them as they are started. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { StartSystem } from '../../../seeds/systems/pretend-system.ts';
import type { SystemSetup } from '../../../seeds/systems/system-process.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { readAdapterSettings, readConfig } from '../../../src/config.ts';
import { channelsOf, demandPrivate } from '../../../src/hub/channels.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { project } from '../../support/source-imports.ts';

const compose = readFileSync(path.join(project, 'compose.yaml'), 'utf8').replaceAll(/\$\{\w+\}/g, 'secret');
const image = readFileSync(path.join(project, 'Dockerfile'), 'utf8');

const ofCompose = [...compose.matchAll(/^ {6}([A-Z_]+): (?:'(.*)'|(.*))$/gm)].map(([, name, quoted, plain]) => [
  name!,
  quoted ?? plain!,
]);
const ofImage = [...image.matchAll(/\b(HUB_\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]);
const environment: Record<string, string> = Object.fromEntries([...ofImage, ...ofCompose]);
const setups = [...compose.matchAll(/'seeds\/systems\/serve\.ts', '(.*)'\]/g)].map(
  ([, setup]) => JSON.parse(setup!) as SystemSetup,
);

test('the hub accepts its settings', async () => {
  const config = readConfig(environment);
  const { hubAgencies } = config;
  expect(hubAgencies?.split(',')).toEqual(setups.map(({ agency }) => agency));
  const adapters = (await findAdapters()).filter(({ agency }) => hubAgencies!.split(',').includes(agency.code));
  expect(adapters.map(adapter => readAdapterSettings(adapter, environment))).toHaveLength(2);
  expect(demandPrivate(channelsOf(config, adapters, environment), config).map(({ name }) => name)).toEqual([
    'listener',
  ]);
});

test.each(setups)('the system of $agency is found by them', async ({ agency, population, seed, port }) => {
  const { default: start } = (await import(`../../../seeds/systems/${agency}/system.ts`)) as { default: StartSystem };
  // Any free port in its place, because the port of the composition may be taken here.
  const system = await start({ town: makeTownship({ population: 100, seed }), seed });
  await system.stop();
  expect(population).toBeGreaterThan(100);
  const found = Object.entries(system.environment).map(([name, value]) => [
    name,
    name.endsWith('_URL') ? value.replace(/:\d+/, `:${port}`) : value,
  ]);
  expect(environment).toMatchObject(Object.fromEntries(found));
});
