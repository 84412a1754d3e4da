/** The pretend system of the food and drug outpost (食药所): pushes signed NDJSON, answers queries about licences. */
import { createHash } from 'node:crypto';
import { makeRandom } from '../../township/random.ts';
import type { PretendSystem, StartOptions, StartSystem } from '../pretend-system.ts';
import { Clerks, usualFaults } from './clerks.ts';
import { Deliverer } from './deliverer.ts';
import { Exchange } from './exchange.ts';
import { LookUpServer } from './look-up-server.ts';
import { Outpost } from './outpost.ts';

export interface FoodDrugSystem extends PretendSystem {
  deliverTo(hubUrl: string): void;
  /** Resolves when the hub has taken all lines that waited. */
  drained(): Promise<void>;
}

async function start({ town, seed, faults, faultless }: StartOptions): Promise<FoodDrugSystem> {
  const random = (purpose: string) => makeRandom(seed, `food-drug ${purpose}`);
  const secret = createHash('sha256').update(`food-drug ${seed}`).digest('hex').slice(0, 32);
  const clerks = new Clerks(random('clerks'), { ...(faultless ? {} : usualFaults), ...faults }, town.today);
  const deliverer = new Deliverer(secret);
  const exchange = new Exchange(clerks, random('exchange'), lines => deliverer.add(lines));
  const outpost = new Outpost(town, random('outpost'), exchange, clerks);
  outpost.tellPast();
  exchange.open();
  const lookUps = new LookUpServer(secret, exchange.licences);
  const lookUpUrl = await lookUps.listen();
  return {
    agency: 'food-drug',
    environment: { HUB_FOOD_DRUG_SECRET: secret, HUB_FOOD_DRUG_LOOKUP_URL: lookUpUrl },
    ledger: () => exchange.ledger(),
    touch: async () => outpost.touch(),
    step: async () => outpost.step(),
    deliverTo: hubUrl => deliverer.start(hubUrl),
    drained: () => deliverer.drained(),
    setOutage(outage) {
      lookUps.setOutage(outage);
      deliverer.setPaused(outage !== 'none');
    },
    async stop() {
      deliverer.stop();
      await lookUps.close();
    },
  };
}

export default start satisfies StartSystem;
