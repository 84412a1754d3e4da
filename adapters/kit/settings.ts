/** Building blocks for an adapter's settings: each declaration says what the variable should be. */
import { z } from 'zod';

/**
 * What a setting leads to. The hub refuses to start over a channel that is not private, and its `fetch` reaches the
 * addresses of `http` settings only: so an address that is not declared leads nowhere.
 */
export type ChannelProtocol = 'http' | 'postgres' | 'ssh';

/** An address for `fetch`: http or https. */
export const address = (what: string) =>
  z
    .url({ protocol: /^https?$/, error: `should be ${what}` })
    .describe(what)
    .meta({ channel: 'http' satisfies ChannelProtocol });
/** The address of a PostgreSQL database, with its password. */
export const databaseAddress = (what: string) =>
  z
    .url({ protocol: /^postgres(ql)?$/, error: `should be ${what}` })
    .describe(what)
    .meta({ channel: 'postgres' satisfies ChannelProtocol, secret: true });
/** The host of an SSH server, whose key the adapter checks against a setting of its own: that makes it private. */
export const sshHost = (what: string) => word(what).meta({ channel: 'ssh' satisfies ChannelProtocol });

/** A setting that is kept out of logs and messages. */
export const secret = (what: string) => z.string().min(8, `should be ${what}`).describe(what).meta({ secret: true });
export const word = (what: string) => z.string().min(1, `should be ${what}`).describe(what);
export const port = (what: string) => z.coerce.number(`should be ${what}`).int().min(1).max(65_535).describe(what);

/** What a setting leads to, also where it is optional or has a default; null: nowhere. */
export function channelOf(field: z.ZodType): ChannelProtocol | null {
  const channel = field.meta()?.channel;
  if (channel) return channel as ChannelProtocol;
  const isWrapped = field instanceof z.ZodDefault || field instanceof z.ZodOptional;
  return isWrapped ? channelOf(field.unwrap() as z.ZodType) : null;
}
