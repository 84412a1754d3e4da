/**
 * The HTTP routes of exports: `GET /export/<saved query>.<format>`, files that were ordered, and the manifests of both.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parse } from 'graphql';
import type { Logger } from 'pino';
import type { Principal } from '../access/principal.ts';
import { formatClientError, headOf } from '../api/request/errors.ts';
import { readVariables } from '../api/request/export-ticket.ts';
import { presenceOf } from '../api/transport/request-pipeline.ts';
import { HubError, statusOf } from '../domain/error-codes.ts';
import type { ExportRow } from './columns.ts';
import { type ExportGround, type ExportOrder, exportColumns, exportPages } from './export-run.ts';
import { type ExportTickets, isFormat, type OrderedExport } from './export-tickets.ts';
import { type FormatName, formatNames, formats, type Writer } from './formats.ts';
import { planExport } from './plan.ts';

export interface ExportParts extends ExportGround {
  readonly tickets: ExportTickets;
  /** Saved queries by the name of their file. */
  readonly queries: ReadonlyMap<string, string>;
  readonly log: Logger;
}
type Asked = FastifyRequest<{ Params: { file: string }; Querystring: Record<string, string | undefined> }>;

export function serveExports(app: FastifyInstance, parts: ExportParts): void {
  const { tickets, queries, schema } = parts;
  app.get('/export/manifests/:file', async (request: Asked, reply) => {
    const { subject: reader } = await parts.pipeline.readerOf(request);
    const found = tickets.manifests.find(request.params.file);
    if (!found || found.subject !== reader)
      return absent(reply, 'No export of yours has this number; they are kept for a day');
    const { subject: _, ...manifest } = found;
    return reply.send(manifest);
  });
  app.get('/export/tickets/:file', (request: Asked, reply) =>
    answer(parts, request, reply, (id, principal) => tickets.find(id, principal)),
  );
  app.get('/export/:file', (request: Asked, reply) =>
    answer(parts, request, reply, (name, { subject }) => {
      const text = queries.get(name);
      return text
        ? { plan: planExport(schema, parse(text)), variables: readVariables(request.query.variables), subject }
        : null;
    }),
  );
}

const absent = (reply: FastifyReply, error: string) => reply.code(404).send({ error });

async function answer(
  parts: ExportParts,
  request: Asked,
  reply: FastifyReply,
  find: (name: string, principal: Principal) => OrderedExport | null,
) {
  try {
    const [, name, format] = /^(.+)\.(\w+)$/.exec(request.params.file) ?? [];
    if (!name || !format || !isFormat(format))
      return absent(reply, `A file ends with ${formatNames.map(f => `.${f}`).join(', ')}`);
    const principal = await parts.pipeline.readerOf(request);
    if (principal.purposeProblem) reply.header('x-purpose-problem', principal.purposeProblem);
    const ordered = find(name, principal);
    if (!ordered)
      return absent(reply, 'There is no such saved query (schema/queries), and no order of yours that is still open');
    const address = parts.pipeline.addressOf(request.raw);
    const order = { ...ordered, principal, address, presence: presenceOf(reply), asOf: new Date().toISOString() };
    return await send(parts, order, format, request.query.bom === 'true', reply);
  } catch (error) {
    return refuse(error, reply, parts.log);
  }
}

async function send(parts: ExportParts, order: ExportOrder, format: FormatName, bom: boolean, reply: FastifyReply) {
  const { tickets } = parts;
  const writer = await formats[format].open(exportColumns(parts.schema, order), { bom });
  const pages = exportPages(parts, order);
  // Until here a refusal still has a status; from here on an error breaks the transfer off.
  const first = await pages.next();
  const id = tickets.manifests.put({ ...manifestOf(order, format, '', 0, 0), subject: order.principal.subject });
  const sum = createHash('sha256');
  const tally = { rows: 0, bytes: 0 };
  let digest = '';
  const content = counted(
    written(writer, first, pages, tally),
    bytes => {
      tally.bytes += bytes.length;
      sum.update(bytes);
    },
    () => {
      digest = sum.digest('hex');
      const manifest = manifestOf(order, format, digest, tally.rows, tally.bytes);
      tickets.manifests.put({ ...manifest, export: id, subject: order.principal.subject }, id);
    },
  );
  const name = `${order.plan.name ?? 'export'}.${format}`;
  reply
    .header('content-type', formats[format].type)
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('cache-control', 'no-store')
    .header('x-export-manifest', `/export/manifests/${id}`)
    .header('x-export-as-of', order.asOf);
  reply.trailer('x-export-rows', async () => String(tally.rows));
  reply.trailer('x-export-sha256', async () => digest);
  return reply.send(Readable.from(content, { objectMode: false, highWaterMark: 1 }));
}

const manifestOf = ({ plan, asOf }: ExportOrder, format: FormatName, sha256: string, rows: number, bytes: number) => ({
  ...{ export: '', operation: plan.name, format, asOf, rows, bytes, sha256 },
});

async function* written(
  writer: Writer,
  first: IteratorResult<readonly ExportRow[]>,
  pages: AsyncGenerator<readonly ExportRow[]>,
  tally: { rows: number },
): AsyncGenerator<Uint8Array> {
  try {
    yield writer.head();
    for (let page = first; !page.done; page = await pages.next()) {
      tally.rows += page.value.length;
      yield writer.rows(page.value);
    }
    yield writer.end();
  } finally {
    // This also runs when the client has disconnected.
    await pages.return(undefined);
  }
}

async function* counted(
  parts: AsyncGenerator<Uint8Array>,
  each: (bytes: Uint8Array) => void,
  end: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of parts) {
    if (!bytes.length) continue;
    each(bytes);
    yield bytes;
  }
  end();
}

function refuse(error: unknown, reply: FastifyReply, log: Logger) {
  const original = error instanceof Error ? error : new Error(String(error));
  const { message, extensions } = formatClientError({ message: original.message }, original, log);
  const { status, headers } =
    error instanceof HubError ? headOf(error) : { status: statusOf(String(extensions?.code)), headers: {} };
  return reply
    .code(status)
    .headers(headers)
    .send({ errors: [{ message, extensions }] });
}
