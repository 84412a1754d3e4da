/** The pretend register of the market supervision outpost, behind the national exchange. */

import { makeRandom } from '../../township/random.ts';
import type { PretendSystem, StartOptions } from '../pretend-system.ts';
import { Exchange } from './exchange.ts';
import { FaultDice } from './fault-dice.ts';
import { GatewayServer } from './gateway-server.ts';
import { Register } from './register.ts';
import { Speller } from './spelling.ts';

export interface CommerceOptions extends StartOptions {
  /** Half an hour, unless a test sets a shorter time. */
  readonly secretLifetimeMs?: number;
  readonly secretRequests?: number;
  readonly replayWindowMs?: number;
}

export interface CommerceSystem extends PretendSystem {
  /** Ends all issued secrets before their time. */
  endSecrets(): void;
}

const REQUESTER_ID = 'fangsi-outpost-hub';
const SERVICE_IDS = {
  entity: 's_371482000000_scztxx',
  change: 's_371482000000_scztbg',
  abnormal: 's_371482000000_jyycml',
  case: 's_371482000000_bjxx',
  entityQuery: 's_371482000000_scztcx',
};

/** 16 characters that follow from the seed: the key of an invented system. */
const makeAppKey = (seed: number): string => {
  const random = makeRandom(seed, 'app key of commerce');
  return Array.from({ length: 16 }, () => random.pick([...'0123456789abcdefghijkmnpqrstuvwxyz'])).join('');
};

export default async function start(options: CommerceOptions): Promise<CommerceSystem> {
  const {
    town,
    seed,
    faults,
    faultless,
    secretRequests,
    secretLifetimeMs = 1_800_000,
    replayWindowMs = 300_000,
  } = options;
  const random = makeRandom(seed, 'commerce');
  const dice = new FaultDice(random, faults, faultless);
  const exchange = new Exchange(random, dice, town.today);
  const clean = new Speller(random, new FaultDice(random, {}, true));
  const register = new Register({ town, random, dice, exchange }, clean);
  const appKey = makeAppKey(seed);
  // Queries, and their number, must not change what happens in the town.
  const answers = new FaultDice(makeRandom(seed, 'commerce answers'), faults, faultless);
  const gateway = new GatewayServer({
    requesterId: REQUESTER_ID,
    appKey,
    serviceIds: SERVICE_IDS,
    secretLifetimeMs,
    secretRequests,
    replayWindowMs,
    feeds: exchange.feeds,
    findEntities: creditCode => register.rowsOf(creditCode),
    random: makeRandom(seed, 'commerce gateway'),
    dice: answers,
  });
  const url = await gateway.listen(options.port);
  return {
    agency: 'commerce',
    environment: {
      HUB_COMMERCE_URL: url,
      HUB_COMMERCE_REQUESTER_ID: REQUESTER_ID,
      HUB_COMMERCE_APP_KEY: appKey,
      HUB_COMMERCE_ENTITY_SERVICE_ID: SERVICE_IDS.entity,
      HUB_COMMERCE_CHANGE_SERVICE_ID: SERVICE_IDS.change,
      HUB_COMMERCE_ABNORMAL_SERVICE_ID: SERVICE_IDS.abnormal,
      HUB_COMMERCE_CASE_SERVICE_ID: SERVICE_IDS.case,
      HUB_COMMERCE_ENTITY_QUERY_SERVICE_ID: SERVICE_IDS.entityQuery,
      HUB_COMMERCE_OVERLAP_MINUTES: '2',
    },
    ledger: () => exchange.tally.ledger({ ...dice.counts, ...answers.counts }),
    touch: async () => register.touch(),
    step: async () => register.step(),
    setOutage: outage => gateway.setOutage(outage),
    endSecrets: () => gateway.endSecrets(),
    stop: () => gateway.close(),
  };
}
