/**
 * Takes orders for exports of operations that clients write themselves, and keeps the manifests of finished exports.
 */
import { type GraphQLSchema, parse } from 'graphql';
import { maxTokens } from '../access/limits.ts';
import type { Principal } from '../access/principal.ts';
import type { IssuedTicket, TicketOrder } from '../api/request/export-ticket.ts';
import { HubError } from '../domain/error-codes.ts';
import { ExpiringMap } from './expiring-map.ts';
import { type FormatName, formatNames } from './formats.ts';
import { type ExportPlan, planExport } from './plan.ts';

/** An order, and who may fetch it. */
export interface OrderedExport {
  readonly plan: ExportPlan;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly subject: string | null;
}
/** What an export held, by which a file can be checked. */
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
/** A manifest takes some hundred bytes, an order holds a document. */
const maxTickets = 1_000;
const maxManifests = 10_000;

export class ExportTickets {
  readonly manifests = new ExpiringMap<Manifest & { readonly subject: string | null }>(maxManifests, manifestMs);
  private readonly tickets = new ExpiringMap<OrderedExport>(maxTickets, ticketMs);

  constructor(private readonly schema: GraphQLSchema) {}

  issue({ subject }: Principal, { operation, variables, format, bom }: TicketOrder): IssuedTicket {
    if (!isFormat(format)) throw new HubError('BAD_USER_INPUT', `\`format\` must be one of ${formatNames.join(', ')}`);
    const plan = planExport(this.schema, parsed(operation));
    const id = this.tickets.put({ plan, variables, subject });
    return {
      path: `/export/tickets/${id}.${format}${bom ? '?bom=true' : ''}`,
      expiresAt: new Date(Date.now() + ticketMs).toISOString(),
      operation: plan.name,
    };
  }

  /** Null unless this reader ordered it. */
  find(id: string, { subject }: Principal): OrderedExport | null {
    const found = this.tickets.find(id);
    return found && found.subject === subject ? found : null;
  }
}

export const isFormat = (name: string): name is FormatName => (formatNames as string[]).includes(name);

function parsed(operation: string) {
  try {
    return parse(operation, { maxTokens, noLocation: true });
  } catch {
    throw new HubError('BAD_USER_INPUT', 'The operation cannot be read: it must be a GraphQL document');
  }
}
