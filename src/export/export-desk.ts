/** Takes orders for exports of operations that were written for the occasion, and keeps what is known of finished ones. */
import { type GraphQLSchema, parse } from 'graphql';
import { mostTokens } from '../access/limits.ts';
import type { Principal } from '../access/principal.ts';
import type { ExportTicket, TicketOrder } from '../api/export-resolvers.ts';
import { HubError } from '../domain/error-codes.ts';
import { type FormatName, formatNames } from './formats.ts';
import { Kept } from './kept.ts';
import { type ExportPlan, planExport } from './plan.ts';

/** An order, and who may fetch it. */
export interface Ordered {
  readonly plan: ExportPlan;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly subject: string | null;
}
/** What an export held, to compare a file with. */
export interface Manifest {
  readonly export: string;
  readonly operation: string | null;
  readonly format: FormatName;
  readonly asOf: string;
  readonly rows: number;
  readonly bytes: number;
  /** Of all bytes of the file, hexadecimal. */
  readonly sha256: string;
}

const ticketMs = 300_000;
const manifestMs = 86_400_000;
/** Some hundred bytes each; an order holds a document. */
const mostTickets = 1_000;
const mostManifests = 10_000;

export class ExportDesk {
  readonly manifests = new Kept<Manifest & { readonly subject: string | null }>(mostManifests, manifestMs);
  private readonly tickets = new Kept<Ordered>(mostTickets, ticketMs);

  constructor(private readonly schema: GraphQLSchema) {}

  issue({ subject }: Principal, { operation, variables, format, bom }: TicketOrder): ExportTicket {
    if (!isFormat(format)) throw new HubError('BAD_USER_INPUT', `\`format\` is one of ${formatNames.join(', ')}`);
    const plan = planExport(this.schema, parsed(operation));
    const id = this.tickets.put({ plan, variables, subject });
    return {
      path: `/export/tickets/${id}.${format}${bom ? '?bom=true' : ''}`,
      expiresAt: new Date(Date.now() + ticketMs).toISOString(),
    };
  }

  /** Null unless this reader ordered it. */
  find(id: string, { subject }: Principal): Ordered | null {
    const found = this.tickets.find(id);
    return found && found.subject === subject ? found : null;
  }
}

export const isFormat = (name: string): name is FormatName => (formatNames as string[]).includes(name);

function parsed(operation: string) {
  try {
    return parse(operation, { maxTokens: mostTokens, noLocation: true });
  } catch {
    throw new HubError('BAD_USER_INPUT', 'The operation cannot be read: it is no GraphQL document');
  }
}
