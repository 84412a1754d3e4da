/** The mutation that orders an export of any operation; the file itself is fetched over plain HTTP. */
import { Arg, type ClassType, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Context } from '../request/context.ts';
import { type IssuedTicket, readVariables } from '../request/export-ticket.ts';
import { DateTime } from './scalars.ts';

@ObjectType({ description: 'An order for an export: whoever gave it fetches the file · 导出凭据' })
class ExportTicket implements IssuedTicket {
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
    ): IssuedTicket {
      return hub.exports.issue(principal, { operation, variables: readVariables(variables), format, bom });
    }
  }
  return [Exports];
}
