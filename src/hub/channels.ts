/**
 * Every channel of this process that carries data. Each is private, or the start is refused, unless HUB_PLAIN_CHANNELS
 * names it. Not among them: the issuer of tokens, which is private without exception (`config.ts`), and the second place
 * of audit roots, where only digests go.
 */
import type { Adapter } from '../../adapters/kit/contract.ts';
import { type ChannelProtocol, channelOf } from '../../adapters/kit/settings.ts';
import { type Config, ConfigError, type Environment, readAdapterSettings, settingName } from '../config.ts';
import { isPrivateChannel, isPrivateDatabase, isThisMachine } from '../domain/private-channel.ts';

export interface DataChannel {
  /** As HUB_PLAIN_CHANNELS names it: `listener`, `database`, or the code of an agency. */
  readonly name: string;
  /** The setting that leads there. */
  readonly variable: string;
  readonly isPrivate: boolean;
  readonly shouldBe: string;
  /** What is in the clear where it is not private. */
  readonly passes: string;
}

const databaseShouldBe = 'a database on this machine, or one with sslmode=verify-full';

export const databaseChannel = ({ databaseUrl }: Config): DataChannel => ({
  name: 'database',
  variable: 'DATABASE_URL',
  isPrivate: isPrivateDatabase(databaseUrl),
  shouldBe: databaseShouldBe,
  passes: 'all records and the password',
});

const listener = ({ hubHost, hubTlsCert }: Config): DataChannel => ({
  name: 'listener',
  variable: 'HUB_HOST',
  isPrivate: Boolean(hubTlsCert) || isThisMachine(hubHost),
  shouldBe: 'an address of this machine alone, or HUB_TLS_CERT and HUB_TLS_KEY should be set',
  passes: "readers' tokens, answers and deliveries",
});

/** The addresses of an agency's settings, as they are given. */
export function addressesOf(
  adapter: Adapter,
  environment: Environment,
): readonly (readonly [string, ChannelProtocol, string])[] {
  const settings = readAdapterSettings(adapter, environment) as Readonly<Record<string, unknown>>;
  return Object.entries(adapter.settings.shape as Record<string, Parameters<typeof channelOf>[0]>).flatMap(
    ([name, field]) => {
      const [protocol, value] = [channelOf(field), settings[name]];
      return protocol && typeof value === 'string' ? [[settingName(adapter, name), protocol, value] as const] : [];
    },
  );
}

const ofAgency = (adapter: Adapter, environment: Environment): DataChannel[] =>
  addressesOf(adapter, environment).map(([variable, protocol, value]) => ({
    name: adapter.agency.code,
    variable,
    isPrivate:
      protocol === 'ssh' || (protocol === 'http' ? isPrivateChannel(new URL(value)) : isPrivateDatabase(value)),
    shouldBe: protocol === 'http' ? 'an https address, or http on this machine' : databaseShouldBe,
    passes: "the agency's records",
  }));

export function channelsOf(config: Config, adapters: readonly Adapter[], environment: Environment): DataChannel[] {
  return [listener(config), databaseChannel(config), ...adapters.flatMap(adapter => ofAgency(adapter, environment))];
}

/**
 * Returns the channels that are not private and are excepted by their names: each is to be told in the log.
 *
 * @throws ConfigError for the first one that is neither private nor excepted
 */
export function demandPrivate(channels: readonly DataChannel[], { hubPlainChannels }: Config): DataChannel[] {
  const plain = channels.filter(({ isPrivate }) => !isPrivate);
  const refused = plain.find(({ name }) => !hubPlainChannels.includes(name));
  if (!refused) return plain;
  const { name, variable, shouldBe, passes } = refused;
  throw new ConfigError(
    `${variable} should be ${shouldBe}: ${passes} would pass in the clear; where the way is protected by other means, HUB_PLAIN_CHANNELS=${[...hubPlainChannels, name].join(',')} says so`,
  );
}

/** A name that excepts nothing is a mistake. @throws ConfigError */
export function demandKnownNames(channels: readonly DataChannel[], { hubPlainChannels }: Config): void {
  const names = [...new Set(channels.map(({ name }) => name))];
  const unknown = hubPlainChannels.find(name => !names.includes(name));
  if (unknown)
    throw new ConfigError(`HUB_PLAIN_CHANNELS should be names among ${names.join(', ')}; ${unknown} is none`);
}
