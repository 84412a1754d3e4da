/** The mutation that orders an export of any operation; the file itself is fetched over plain HTTP. */
import { Arg, type ClassType, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { operationOf } from '../../audit/trail.ts';
import type { Context } from '../request/context.ts';
import { type IssuedTicket, readVariables } from '../request/export-ticket.ts';
import { noteAct } from '../request/noted-acts.ts';
import { DateTime } from './scalars.ts';

@ObjectType({ description: 'An order for an export: whoever gave it fetches the file · 导出凭据' })
class ExportTicket implements Omit<IssuedTicket, 'operation'> {
  @Field({ description: 'Where the file is, on this hub; with the same token and purpose' }) path!: string;
  @Field(() => DateTime) expiresAt!: string;
}

export function exportResolvers(): ClassType[] {
  @Resolver()
  class Exports {
    @Mutation(() => ExportTicket, {
      description: 'Orders a file of one list or its groups: csv, ndjson, arrow or parquet · 导出',
    })
    async orderExport(
      @Arg('operation', { description: 'A query of one list' }) operation: string,
      @Arg('format', { description: 'csv, ndjson, arrow or parquet' }) format: string,
      @Arg('variables', () => String, { nullable: true, description: 'JSON' }) variables: string | null,
      @Arg('bom', () => Boolean, { defaultValue: false, description: 'With a byte-order mark, for Excel' })
      bom: boolean,
      @Ctx() context: Context,
    ): Promise<IssuedTicket> {
      const { hub, principal } = context;
      const order = { operation, variables: readVariables(variables), format, bom };
      // Nobody knows the ticket before this returns, so it opens nothing that is not noted.
      const ticket = hub.exports.issue(principal, order);
      const { name, sha256 } = operationOf(ticket.operation, operation);
      await noteAct(context, 'export', { about: { format, ...(name && { operation: name }), sha256 } });
      return ticket;
    }
  }
  return [Exports];
}
