/** Looks again and again at what agencies send, and tells the log when it begins or ceases to look wrong. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { errorFacts } from '../domain/error-facts.ts';
import { FeedSigns } from '../ingest/feed-signs.ts';
import type { OpenStore } from './open-store.ts';

/** @param onChange is called with the agency whose signs are others than before */
export function watchSigns(
  config: Config,
  { database, catalog, adapters }: OpenStore,
  log: Logger,
  onChange: (agency: string) => void,
) {
  const signs = new FeedSigns({
    read: database.read,
    catalog,
    agencies: adapters.map(({ agency }) => agency.code),
    limits: {
      newest: config.hubSignsNewest,
      parkedPercent: config.hubParkedPercent,
      unknownPercent: config.hubUnknownPercent,
      quietHours: config.hubQuietHours,
    },
    onChange: (agency, found) => {
      const facts = { agency, signs: found.map(({ message, since }) => `${message} (since ${since})`) };
      if (found.length) log.warn(facts, 'an agency is degraded');
      else log.info(facts, 'an agency is no longer degraded');
      onChange(agency);
    },
    onError: error => log.error({ error: errorFacts(error) }, 'looking at what agencies send failed'),
  });
  signs.start(config.hubSignsMs);
  return { of: signs.of, stop: () => signs.stop() };
}
