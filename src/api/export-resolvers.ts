/** The mutation that orders an export of any operation; the file itself is fetched over plain HTTP. */
import { Arg, type ClassType, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { HubError } from '../domain/error-codes.ts';
import type { Context } from './context.ts';
import { DateTime } from './scalars.ts';

export interface TicketOrder {
  readonly operation: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly format: string;
  readonly bom: boolean;
}

@ObjectType({ description: 'An order for an export: whoever gave it fetches the file · 导出凭据' })
export class ExportTicket {
  @Field({ description: 'Where the file is, on this hub; with the same token and purpose' }) path!: string;
  @Field(() => DateTime) expiresAt!: string;
}

export function exportResolvers(): ClassType[] {
  @Resolver()
  class Exports {
    @Mutation(() => ExportTicket, {
      description: 'Orders a file of one list or its groups: csv, ndjson, arrow or parquet · 导出',
    })
    orderExport(
      @Arg('operation', { description: 'A query of one list' }) operation: string,
      @Arg('format', { description: 'csv, ndjson, arrow or parquet' }) format: string,
      @Arg('variables', () => String, { nullable: true, description: 'JSON' }) variables: string | null,
      @Arg('bom', () => Boolean, { defaultValue: false, description: 'With a byte-order mark, for Excel' })
      bom: boolean,
      @Ctx() { hub, principal }: Context,
    ): ExportTicket {
      return hub.exports.issue(principal, { operation, variables: readVariables(variables), format, bom });
    }
  }
  return [Exports];
}

export function readVariables(text: string | null | undefined): Readonly<Record<string, unknown>> {
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new HubError('BAD_USER_INPUT', '`variables` is not a JSON object');
}
