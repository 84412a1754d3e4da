/** Whose tokens are accepted, and which sessions have been ended. */
import type { Logger } from 'pino';
import { EndedSessions } from '../access/ended-sessions.ts';
import { configuredKeys, issuerKeys } from '../access/token-keys.ts';
import type { TokenSettings } from '../access/tokens.ts';
import type { Config } from '../config.ts';
import { errorFacts } from '../domain/error-facts.ts';
import type { Database } from '../store/database.ts';
import { EndingFollower, type EndOrder, endSession } from '../store/session-endings.ts';

/** Configured keys are used alone; otherwise the issuer is asked when the first token comes. */
export function tokenSettings(config: Config, ended: EndedSessions, log: Logger): TokenSettings {
  const limits = { deadlineMs: config.hubIssuerDeadlineMs, pauseMs: config.hubIssuerPauseMs };
  const askIssuer = () =>
    issuerKeys(config.hubTokenIssuer, limits, error =>
      log.warn({ error: errorFacts(error) }, 'the issuer of tokens did not answer'),
    );
  return {
    keys: config.hubTokenKeys ? configuredKeys(config.hubTokenKeys) : askIssuer(),
    issuer: config.hubTokenIssuer,
    audience: config.hubTokenAudience,
    type: config.hubTokenType,
    skewSeconds: config.hubClockSkewSeconds,
    maxSeconds: config.hubLongestTokenSeconds,
    ended,
  };
}

/** They are read every second: a process that has missed ten readings may serve readers whose session was ended. */
const longestSilenceMs = 10_000;

/** Sessions that administrators end, here or in another process of the hub; `demandCurrent` throws if it knows old ones only. */
export async function followSessions(config: Config, database: Database, log: Logger) {
  const ended = new EndedSessions(config.hubClockSkewSeconds * 1000);
  let heardAt = performance.now();
  const follower = new EndingFollower(
    database,
    1_000,
    inForce => {
      heardAt = performance.now();
      ended.learn(inForce);
    },
    error => log.error({ error: errorFacts(error) }, 'following ended sessions failed'),
  );
  await follower.start();
  // A token that an issuer with a fast clock made just before lives on for twice the difference.
  const lastsSeconds = config.hubLongestTokenSeconds + 2 * config.hubClockSkewSeconds;
  const end = async (order: Omit<EndOrder, 'lastsSeconds'>) => {
    const ending = await endSession(database, { ...order, lastsSeconds });
    ended.learn([ending]);
    log.info({ about: ending.about }, 'a session was ended');
    return ending;
  };
  const demandCurrent = () => {
    if (performance.now() - heardAt > longestSilenceMs) throw new Error('Ended sessions are not heard of');
  };
  return { ended, end, demandCurrent, stop: () => follower.stop() };
}
