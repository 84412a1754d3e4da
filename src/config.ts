/** Settings from the environment, read once at start. What is wrong stops the start with one line that names the variable. */
import { readFileSync } from 'node:fs';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import type { Adapter } from '../adapters/kit/contract.ts';
import { snake } from './catalog/catalog.ts';

/** A whole number with its bounds and its default; the unit ends the name. */
const whole = (what: string, fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback).describe(`${what}: a whole number from ${min} to ${max}`);

const keySet = z.string().transform((text, context): JSONWebKeySet => {
  try {
    const parsed = JSON.parse(text.startsWith('{') ? text : readFileSync(text, 'utf8'));
    if (Array.isArray(parsed.keys)) return parsed;
  } catch {
    // said below, in the words of the description
  }
  context.addIssue({ code: 'custom', message: 'is not a JWK set' });
  return z.NEVER;
});

/** Every setting of the hub itself. Each limit stands here once, with the reason for its size. */
const hubSettings = z.object({
  databaseUrl: z
    .url({ protocol: /^postgres(ql)?$/ })
    .describe('the URL of a PostgreSQL database: postgresql://user:password@host/database'),
  hubHost: z.string().min(1).default('127.0.0.1').describe('the address to listen on'),
  hubPort: whole('the port to listen on (0: any that is free)', 4000, 0, 65_535),
  hubTokenKeys: keySet.describe(
    'a JWK set with the public keys of the token issuer, or the path of a file that holds it',
  ),
  hubTokenIssuer: z.string().min(1).describe('the issuer (iss) of tokens'),
  hubTokenAudience: z.string().min(1).default('outpost-hub').describe('the audience (aud) of tokens'),
  hubLogLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('fatal, error, warn, info, debug or silent'),
  hubAgencies: z
    .string()
    .optional()
    .describe('the codes of the agencies to connect, separated by commas; all without it'),
  // Two for each agency that reads at once, the rest for questions.
  hubDatabaseConnections: whole('connections to the database', 16, 4, 500),
  // A page is one transaction: large enough for set-wise SQL to pay, small enough to repeat after a kill.
  hubPageSize: whole('items asked of an agency at once', 2000, 1, 20_000),
  hubPageDeadlineMs: whole('time for an agency to give a page', 30_000, 100, 600_000),
  hubRetryPauseMs: whole('first pause after a failure', 1_000, 10, 600_000),
  hubLongestPauseMs: whole('longest pause between retries', 60_000, 10, 3_600_000),
  // A clerk waits for it.
  hubLookupDeadlineMs: whole('time for an agency to answer a live question', 2_000, 10, 60_000),
  // A monthly file normally loses a few in a thousand.
  hubRemovalGuardPercent: whole('share of a kind that a whole set may remove unasked', 20, 0, 100),
  hubRemovalGuardAtLeast: whole('removals below which the guard does not ask', 50, 0, 1_000_000),
  hubSequencerPollMs: whole('pause between looks for batches of other processes', 100, 5, 60_000),
  hubFeedKept: whole('changes kept in memory', 10_000, 100, 1_000_000),
  hubDepthLimit: whole('levels of an operation', 14, 1, 100),
  hubFieldLimit: whole('fields of an operation', 1_000, 1, 100_000),
  hubTokenLimit: whole('tokens of a document', 5_000, 100, 100_000),
  hubBodyBytes: whole('bytes of a request', 200_000, 1_000, 10_000_000),
  hubPushBytes: whole('bytes of a delivery', 8_000_000, 1_000, 100_000_000),
});
export type Config = z.output<typeof hubSettings>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting is not what it should be: one line, for whoever starts the hub. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const readConfig = (environment: Environment): Config => readSettings(hubSettings, '', environment);

/** The settings of an adapter: `appSecret` of commerce is HUB_COMMERCE_APP_SECRET. */
export const readAdapterSettings = (adapter: Adapter, environment: Environment): unknown =>
  readSettings(adapter.settings, `HUB_${snake(adapter.agency.code).toUpperCase()}_`, environment);

function readSettings<S extends z.ZodObject>(shape: S, prefix: string, environment: Environment): z.output<S> {
  const variable = (name: string) => prefix + snake(name).toUpperCase();
  // An empty variable is one that is not set, as in every env file.
  const given = Object.keys(shape.shape).map(name => [name, environment[variable(name)] || undefined]);
  const { data, error } = shape.safeParse(Object.fromEntries(given));
  if (!error) return data as z.output<S>;
  const name = String(error.issues[0]!.path[0]);
  const field = shape.shape[name] as z.ZodType;
  const what = field.description ?? 'another value';
  throw new ConfigError(
    `${variable(name)} should be ${what}; it is ${environment[variable(name)] ? 'something else' : 'not set'}`,
  );
}
