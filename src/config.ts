/**
 * Settings from the environment, read once at start. A wrong setting stops the start with one line that names the
 * variable.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { JSONWebKeySet, JWK } from 'jose';
import { z } from 'zod';
import type { Adapter } from '../adapters/kit/contract.ts';
import { type Role, roles } from './access/principal.ts';
import { snake } from './catalog/catalog.ts';
import { AddressList } from './domain/address-list.ts';
import { isPrivateChannel } from './domain/private-channel.ts';
import { readSigningKeys } from './domain/signing-keys.ts';

/** A whole number with its bounds and its default; the unit ends the name. */
const whole = (what: string, fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback).describe(`${what}: a whole number from ${min} to ${max}`);

/** Numbers by role, `clerk=200,officer=300`; a role that is not named keeps its default. */
const perRole = (what: string) =>
  z
    .string()
    .default('')
    .transform((text, context): Partial<Record<Role, number>> => {
      const pairs = text.split(',').map(part => part.trim().split('='));
      const given = pairs.filter(([name]) => name !== '');
      const sound = given.every(
        ([name, number, ...more]) =>
          roles.some(role => role === name) && /^\d{1,9}$/.test(number ?? '') && !more.length,
      );
      if (sound) return Object.fromEntries(given.map(([name, number]) => [name, Number(number)]));
      context.addIssue({ code: 'custom', message: 'is no list of roles with their numbers' });
      return z.NEVER;
    })
    .describe(`${what} by role: clerk=200,officer=300; roles that are not named keep the numbers of access/limits.ts`);

const words = (text: string): readonly string[] =>
  text
    .split(',')
    .map(word => word.trim())
    .filter(Boolean);

const keySet = z.string().transform((text, context): JSONWebKeySet => {
  try {
    const parsed = JSON.parse(text.startsWith('{') ? text : readFileSync(text, 'utf8'));
    if (Array.isArray(parsed.keys) && parsed.keys.every(isPublicKey)) return parsed;
  } catch {
    // the issue below reports it, in the words of the description
  }
  context.addIssue({ code: 'custom', message: 'is not a JWK set of public keys' });
  return z.NEVER;
});
/** A shared secret (`oct`) verifies nothing here, and a private key does not belong here. */
const isPublicKey = (jwk: JWK): boolean =>
  jwk.d === undefined && createPublicKey({ key: jwk, format: 'jwk' }).type === 'public';

const signingKeys = (what: string) =>
  z
    .string()
    .transform((path, context): readonly KeyObject[] => {
      try {
        return readSigningKeys(readFileSync(path, 'utf8'));
      } catch {
        context.addIssue({ code: 'custom', message: 'holds no such keys' });
        return z.NEVER;
      }
    })
    .optional()
    .describe(`the path of a PEM file with ${what}`);

const isOrigin = (text: string): boolean =>
  /^https?:/.test(text) && !text.includes('*') && URL.parse(text)?.origin === text;

const pemFile = (what: string) =>
  z
    .string()
    .transform((path, context): string => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        context.addIssue({ code: 'custom', message: 'cannot be read' });
        return z.NEVER;
      }
    })
    .optional()
    .describe(`the path of a PEM file with ${what}`);

/** Every setting of the hub itself. Each limit is declared here once, with the reason for its size. */
const hubSettings = z.object({
  databaseUrl: z
    .url({ protocol: /^postgres(ql)?$/ })
    .describe('the URL of a PostgreSQL database: postgresql://user:password@host/database'),
  // Not in the database, nor in its backups: with it, ids of persons are computed from identity numbers.
  hubIdentityKey: z
    .string()
    .min(1)
    .default('.data/identity-key')
    .describe(
      'the path of the file with the key from which ids derive: made at the first start, never changed, the same for every process; keep a copy apart from the database',
    ),
  hubTown: z.string().min(1).default('town').describe('the agency code of the town that hosts the outposts'),
  hubHost: z.string().min(1).default('127.0.0.1').describe('the address to listen on'),
  hubPort: whole('the port to listen on (0: any that is free)', 4000, 0, 65_535),
  hubTokenIssuer: z
    .string()
    .min(1)
    .describe('the issuer (iss) of tokens: without HUB_TOKEN_KEYS its https URL, for OpenID Connect Discovery'),
  hubTokenKeys: keySet
    .optional()
    .describe(
      'a JWK set with the public keys of the token issuer and nothing secret, or the path of a file that holds it, ' +
        'unless HUB_TOKEN_ISSUER is the https URL of an issuer that publishes them (http on this machine)',
    ),
  hubTokenAudience: z.string().min(1).default('outpost-hub').describe('the audience (aud) of tokens'),
  // Some issuers write JWT; then only the audience distinguishes their access tokens from others.
  hubTokenType: z.string().min(1).default('at+jwt').describe('the type (typ) in the header of access tokens'),
  hubClockSkewSeconds: whole("difference between the issuer's clock and the hub's, in seconds", 5, 0, 300),
  // A working day with its overtime. Ended sessions are remembered as long.
  hubLongestTokenSeconds: whole('age in seconds from which a token is refused', 43_200, 60, 604_800),
  hubIssuerDeadlineMs: whole('time for the issuer to answer', 3_000, 100, 60_000),
  // If somebody sends tokens with invented keys, the hub asks the issuer this often and no more.
  hubIssuerPauseMs: whole('pause between requests to the issuer', 2_000, 1, 600_000),
  hubTlsCert: pemFile("the certificate of this server, and those between it and its root; without it there's no TLS"),
  hubTlsKey: pemFile('the private key of HUB_TLS_CERT'),
  hubPushClientCa: pemFile(
    'the certificates of the authority for agencies that push: each needs one with its code as CN; it needs HUB_TLS_CERT',
  ),
  hubPlainChannels: z
    .string()
    .default('')
    .transform(words)
    .describe(
      'channels that need not be private, since their way is protected by other means: listener, database, or codes of agencies, separated by commas',
    ),
  hubLogLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('fatal, error, warn, info, debug or silent'),
  hubAgencies: z
    .string()
    .optional()
    .describe('the codes of the agencies to connect, separated by commas; all without it'),
  // Two for each agency that reads at the same time, the rest for queries.
  hubDatabaseConnections: whole('connections to the database', 16, 4, 500),
  // Readers share statements, so few connections serve many of them; each runs one batch at a time.
  hubReadConnections: whole('connections to the database for readers', 8, 1, 500),
  // Whoever sends more queries at once than this waits for their own, and not others for theirs.
  hubReadsPerReader: whole('reads of one reader under way in the database', 2, 1, 500),
  // Two scans of a large table keep the processors of a small database server busy; more of them only slow each other.
  hubHeavyReads: whole(
    'reads under way that may look at very many rows; the other connections are for light ones',
    2,
    1,
    500,
  ),
  hubWaitingReads: whole('reads that may wait for a connection', 1_000, 1, 100_000),
  hubReadWaitMs: whole('longest time that a read waits for a connection', 60_000, 100, 600_000),
  hubStatementTimeoutMs: whole('time for the database to answer a part of a query', 15_000, 100, 600_000),
  // Filters of streams share statements as well.
  hubStreamConnections: whole('connections to the database for streams', 4, 1, 500),
  // A filter is tested again and again, for rows that are found by their ids.
  hubFilterTimeoutMs: whole('time for the database to test the filters of streams', 5_000, 100, 600_000),
  // About 20 KB of text each, kept once here and once (as a plan) by each connection.
  hubPreparedStatements: whole('statements that are kept prepared', 300, 1, 10_000),
  hubBatchPlans: whole('queries of one kind that are read together', 64, 1, 1_000),
  // Of the rows of one statement, which many queries may share.
  hubAnswerBytes: whole('bytes that a part of a query may read', 100_000_000, 10_000, 2_000_000_000),
  hubAnswerRows: whole('rows that one answer may need', 200_000, 100, 10_000_000),
  // A page is one transaction: large enough for set-wise SQL to pay, small enough to repeat after a kill.
  hubPageSize: whole('items asked of an agency at once', 2000, 1, 20_000),
  // Sources cut their pages by bytes or by what belongs together, so some are larger than asked; one without end is refused.
  hubPageItems: whole('items that a page of an agency may have', 50_000, 1, 1_000_000),
  // Two pages of each agency are in memory at the same time; a usual page has 4 MB.
  hubPageBytes: whole('bytes that the items of a page may have', 128_000_000, 1_000, 1_000_000_000),
  hubPageDeadlineMs: whole('time for an agency to give a page', 30_000, 100, 600_000),
  hubRetryPauseMs: whole('first pause after a failure', 1_000, 10, 600_000),
  hubLongestPauseMs: whole('longest pause between retries', 60_000, 10, 3_600_000),
  // A clerk waits for this answer.
  hubLookupDeadlineMs: whole('time for an agency to answer a live query', 2_000, 10, 60_000),
  hubCloseDeadlineMs: whole("time for an agency's connection to close when the hub stops", 2_000, 10, 60_000),
  // Agencies look the same for hours; a look reads the newest records of each kind by an index.
  hubSignsMs: whole('pause between looks at what agencies send', 60_000, 50, 86_400_000),
  hubSignsNewest: whole('newest records of a kind by which what an agency sends is judged', 1_000, 20, 10_000),
  // A usual agency has one or two mistakes in a hundred.
  hubParkedPercent: whole('share of what newly arrives that may be parked until the agency is degraded', 5, 0, 100),
  // Some people come from other towns, whose regions nobody has told.
  hubUnknownPercent: whole('share of the newest records that may name what the town does not know', 20, 0, 100),
  // A long weekend.
  hubQuietHours: whole('hours without news of a kind that are never a sign', 72, 1, 8_760),
  // A monthly file normally loses a few in a thousand.
  hubRemovalGuardPercent: whole('share of a kind that a whole set may remove unasked', 20, 0, 100),
  hubRemovalGuardAtLeast: whole('removals below which the guard does not ask', 50, 0, 1_000_000),
  // Batches of other processes wait so long for their positions. After a quiet time the hub polls less often.
  hubSequencerPollMs: whole('pause between looks for batches of other processes', 15, 5, 60_000),
  hubFeedKept: whole('changes kept in memory', 10_000, 100, 1_000_000),
  // A screen that was switched off over a long holiday continues where it was.
  hubFeedKeepHours: whole('hours for which changes are kept for readers that come back', 240, 1, 87_600),
  // The limits of a single request are in access/limits.ts, by role.
  hubPersonsPerDay: perRole('different persons that one reader may see whole in a day'),
  hubUnmasksPerDay: perRole('records that one reader may unmask in a day'),
  hubMissesPerDay: perRole('look-ups of persons in a day that may find nobody'),
  // Whoever knows so little of a person that more people match should search in another way.
  hubTestedPersons: whole('persons whom a test by a personal field may fit', 100, 1, 10_000),
  hubBudgetFactor: whole('multiplies the cost units per minute of every role', 1, 1, 1_000),
  // A bucket is about 100 bytes.
  hubBudgetPrincipals: whole('principals whose budgets are kept', 10_000, 10, 1_000_000),
  hubStoredOperations: z
    .enum(['allow', 'enforce'])
    .default('allow')
    .describe('allow or enforce: whether roles of the hall may send stored operations only'),
  // The schema is published (schema/hub.graphql): hiding its names protects nothing.
  hubIntrospection: z
    .enum(['everybody', 'developers', 'nobody'])
    .default('everybody')
    .describe(
      'everybody, developers (analysts, integrators, system administrators) or nobody: who may ask for the schema',
    ),
  // A tool of developers, with scripts of others: a hub in service need not have it. The demo turns it on.
  hubGraphiql: z
    .enum(['true', 'false'])
    .default('false')
    .transform(text => text === 'true')
    .describe('true or false: whether browsers get GraphiQL at / and /graphql'),
  // A front end that comes from the hub's own host, or through a proxy that keeps the host, needs none.
  hubOrigins: z
    .string()
    .default('')
    .transform((text, context): readonly string[] => {
      const given = text.split(',').map(origin => origin.trim());
      const origins = given.filter(Boolean);
      if (origins.every(isOrigin)) return origins;
      context.addIssue({ code: 'custom', message: 'is no list of origins' });
      return z.NEVER;
    })
    .describe(
      'origins whose pages may use the hub besides its own, separated by commas, each as browsers write it: ' +
        'https://hall.example or http://localhost:5173, without a path and without *',
    ),
  hubTrustedProxies: z
    .string()
    .default('')
    .transform((text, context): AddressList => {
      const list = AddressList.parse(text);
      if (list) return list;
      context.addIssue({ code: 'custom', message: 'is no list of addresses' });
      return z.NEVER;
    })
    .describe(
      'addresses and networks of proxies whose x-forwarded-for is believed, 10.0.0.7,10.1.0.0/24; networks have at least /8, in IPv6 /16',
    ),
  hubConnections: whole('HTTP connections and sockets at the same time', 4_000, 10, 1_000_000),
  hubHeadersTimeoutMs: whole('time for a client to send the head of a request', 10_000, 100, 600_000),
  hubRequestTimeoutMs: whole('time for a client to send a whole request', 30_000, 100, 600_000),
  // A screen holds one socket; the rest of the connections is for queries.
  hubSockets: whole('WebSockets at the same time', 2_000, 1, 1_000_000),
  hubSocketsPerAddress: whole('WebSockets of one address: a hall stands behind one', 500, 1, 1_000_000),
  hubSocketInitMs: whole('time for a socket to say who it is', 5_000, 100, 600_000),
  hubSocketPingMs: whole('pause between pings, and time to answer one', 12_000, 100, 600_000),
  // A screen that reads stays near zero; a stalled one costs the hub this much and no more.
  hubUnreadBytes: whole('unread bytes above which a stream is detached', 65_536, 1_024, 100_000_000),
  hubRelapses: whole('times in a minute that a stream may be detached', 5, 1, 1_000_000),
  // A screen shows some hundred; more are read page by page.
  hubBoardRows: whole('rows that a board may have', 10_000, 1, 1_000_000),
  hubDrainMs: whole('time over which sockets are closed when the hub stops', 5_000, 0, 600_000),
  hubFrameBytes: whole('bytes of a frame from a client', 100_000, 1_000, 10_000_000),
  hubFramesPerSecond: whole('frames of one socket in a second; four times as many at once', 50, 1, 100_000),
  hubAuditDir: z.string().min(1).default('.data/audit').describe('the directory of the audit log, of this hub alone'),
  hubAuditRoots: z
    .string()
    .regex(/^(syslog(\+tcp)?:\/\/[^/:]+(:\d{1,5})?|(?![a-z+]+:\/\/).+)$/)
    .default('.data/audit-roots')
    .describe('the second place for roots of the audit log: a directory, syslog://host:port or syslog+tcp://host:port'),
  hubAuditOneFileSystem: z
    .enum(['true', 'false'])
    .transform(text => text === 'true')
    .default(false)
    .describe(
      'true or false: whether HUB_AUDIT_DIR and HUB_AUDIT_ROOTS may be on one file system; audit verify fails for it otherwise',
    ),
  hubAuditSigningKey: signingKeys(
    'the Ed25519 key that signs roots of the audit log: the private one, or with HUB_AUDIT_SIGNING_COMMAND its public half',
  ),
  hubAuditSigningCommand: z
    .string()
    .min(1)
    .optional()
    .describe(
      'the path of a program that signs with HUB_AUDIT_SIGNING_KEY: it gets bytes on standard input and prints the signature in base64',
    ),
  // A hardware module answers within a second; the hub waits as long when it stops.
  hubAuditSigningDeadlineMs: whole('time for HUB_AUDIT_SIGNING_COMMAND to sign', 5_000, 100, 60_000),
  hubAuditTrustedKeys: signingKeys('the public Ed25519 keys that audit verify trusts beside HUB_AUDIT_SIGNING_KEY'),
  // Entries after the last root could be cut off unseen, so they should be few; a root is a write of 300 bytes.
  hubAuditBatchMs: whole('longest time until entries of the audit log are under a root', 5_000, 10, 60_000),
  hubAuditBatchEntries: whole('entries of the audit log under one root', 1_000, 1, 100_000),
  // Its index is made in one go when it is closed.
  hubAuditSegmentBytes: whole('bytes of a file of the audit log', 8_000_000, 1_000, 1_000_000_000),
  // More than any page of the hall shows.
  hubAuditSubjects: whole('persons that one entry of the audit log names', 2_000, 1, 100_000),
  // 网络安全法 demands six months.
  hubAuditKeepMonths: whole('months that the audit log is kept', 12, 6, 1_200),
  hubBodyBytes: whole('bytes of a request', 200_000, 1_000, 10_000_000),
  hubPushBytes: whole('bytes of a delivery', 8_000_000, 1_000, 100_000_000),
  // Strangers may hold all of them until HUB_REQUEST_TIMEOUT_MS, so times HUB_PUSH_BYTES this is memory for anybody.
  hubDeliveries: whole(
    'deliveries under way at once: half of them of one agency, a quarter of one address',
    8,
    1,
    1_000,
  ),
});
export type Config = z.output<typeof hubSettings>;

/** Checks settings against each other; a fault is reported for the setting that should be changed. */
const matchingSettings = hubSettings.superRefine((settings, context) => {
  const { hubTokenKeys, hubTokenIssuer, hubTlsCert: cert, hubTlsKey: key, hubPushClientCa: ca } = settings;
  const refuse = (name: keyof Config) => context.addIssue({ code: 'custom', path: [name], message: 'does not match' });
  if (!hubTokenKeys && !isDiscoverable(hubTokenIssuer)) refuse('hubTokenKeys');
  if (Boolean(cert) !== Boolean(key)) refuse(cert ? 'hubTlsKey' : 'hubTlsCert');
  else if (ca && !cert) refuse('hubTlsCert');
  else if (cert && !isUsable({ cert, key })) refuse('hubTlsKey');
  else if (ca && !isUsable({ ca })) refuse('hubPushClientCa');
});
const isDiscoverable = (issuer: string) => URL.canParse(issuer) && isPrivateChannel(new URL(issuer));
function isUsable(files: Parameters<typeof createSecureContext>[0]): boolean {
  try {
    return Boolean(createSecureContext(files));
  } catch {
    return false;
  }
}

const auditSettings = hubSettings.pick({
  hubAuditDir: true,
  hubAuditRoots: true,
  hubAuditOneFileSystem: true,
  hubAuditSigningKey: true,
  hubAuditSigningCommand: true,
  hubAuditSigningDeadlineMs: true,
  hubAuditTrustedKeys: true,
  hubAuditBatchMs: true,
  hubAuditBatchEntries: true,
  hubAuditSegmentBytes: true,
  hubAuditSubjects: true,
});
export type AuditConfig = z.output<typeof auditSettings>;

/** The settings for commands on the audit log, which need no database. */
export const readAuditConfig = (environment: Environment): AuditConfig => readSettings(auditSettings, '', environment);

/** The settings for commands on the identity key. */
export const readIdentityConfig = (environment: Environment) =>
  readSettings(hubSettings.pick({ databaseUrl: true, hubIdentityKey: true }), '', environment);

/** Where the hub listens: known before anything is opened. */
export const readListenConfig = (environment: Environment) =>
  readSettings(hubSettings.pick({ hubHost: true, hubPort: true }), '', environment);

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting is not what it should be: one line, for whoever starts the hub. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Settings of former versions: whoever still sets one must learn that it protects nothing any more. */
const goneSettings: Readonly<Record<string, string>> = {
  HUB_PUBLIC_INTROSPECTION: 'HUB_INTROSPECTION=developers says the same as HUB_PUBLIC_INTROSPECTION=false did',
  HUB_SMALLEST_GROUP: 'groups are shown whole; what protects persons are classes, masks, purposes and the log',
};

export function readConfig(environment: Environment): Config {
  for (const [variable, why] of Object.entries(goneSettings)) {
    if (environment[variable] || environment[`${variable}_FILE`])
      throw new ConfigError(`${variable} is gone and should not be set: ${why}`);
  }
  return readSettings(matchingSettings, '', environment);
}

/** The settings of an adapter: `appSecret` of commerce is HUB_COMMERCE_APP_SECRET. */
export const readAdapterSettings = (adapter: Adapter, environment: Environment): unknown =>
  readSettings(adapter.settings, prefixOf(adapter), environment);

export interface SettingDescription {
  readonly variable: string;
  readonly what: string;
  /** As it would be written; null: there is none. */
  readonly fallback: string | null;
  /** The hub does not start without it. */
  readonly required: boolean;
}

/** Every setting of the hub, or of an adapter, in the order of its declaration. */
export function describeSettings(adapter?: Adapter): SettingDescription[] {
  const shape = (adapter ? adapter.settings : hubSettings) as z.ZodObject;
  const variable = adapter ? variableOf(prefixOf(adapter)) : variableOf('');
  return Object.entries(shape.shape).map(([name, field]) => {
    const what = descriptionOf(field as z.ZodType) ?? 'another value';
    const fallback = field instanceof z.ZodDefault ? String(field.def.defaultValue) : null;
    return { variable: variable(name), what, fallback, required: !(field as z.ZodType).safeParse(undefined).success };
  });
}

/** The variable of an adapter's setting. */
export const settingName = (adapter: Adapter, name: string): string => variableOf(prefixOf(adapter))(name);

const prefixOf = (adapter: Adapter): string => `HUB_${snake(adapter.agency.code).toUpperCase()}_`;
const variableOf =
  (prefix: string) =>
  (name: string): string =>
    prefix + snake(name).toUpperCase();

function readSettings<S extends z.ZodObject>(shape: S, prefix: string, environment: Environment): z.output<S> {
  const variable = variableOf(prefix);
  const given = Object.keys(shape.shape).map(name => [name, givenFor(variable(name), environment)]);
  const { data, error } = shape.safeParse(Object.fromEntries(given));
  if (!error) return data as z.output<S>;
  const name = String(error.issues[0]!.path[0]);
  const what = descriptionOf(shape.shape[name] as z.ZodType) ?? 'another value';
  throw new ConfigError(`${variable(name)} should be ${what}; ${foundAt(variable(name), environment)}`);
}

/**
 * Every setting may be in a file that `<VARIABLE>_FILE` names, as secrets are that are mounted and not exported. An
 * empty variable counts as not set, as in every env file.
 */
function givenFor(variable: string, environment: Environment): string | undefined {
  const [value, file] = [environment[variable], environment[`${variable}_FILE`]];
  if (!file) return value || undefined;
  if (value) throw new ConfigError(`${variable} and ${variable}_FILE are both set: one of them should be`);
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new ConfigError(
      `${variable}_FILE should be the path of a file with the value of ${variable}; it cannot be read`,
    );
  }
}

function foundAt(variable: string, environment: Environment): string {
  if (environment[`${variable}_FILE`]) return `what ${variable}_FILE holds is something else`;
  return `it is ${environment[variable] ? 'something else' : 'not set'}`;
}

/** The description of a setting, also when it is wrapped in a default or is optional. */
function descriptionOf(field: z.ZodType): string | undefined {
  if (field.description) return field.description;
  const wrapped = field instanceof z.ZodDefault || field instanceof z.ZodOptional ? field.unwrap() : null;
  return wrapped instanceof z.ZodType ? descriptionOf(wrapped) : undefined;
}
