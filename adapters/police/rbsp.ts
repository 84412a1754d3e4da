/** RBSP (请求服务平台) messages: XML that asks a service for rows under a condition, and XML tables that answer. */
import { createHmac } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { SourceError } from '../kit/index.ts';

export interface RbspQuery {
  readonly serviceId: string;
  readonly condition: string;
  readonly items: readonly string[];
  readonly orderBy: readonly string[];
  /** The largest number of rows in the answer. */
  readonly lineCount: number;
}
export interface RbspSender {
  readonly senderId: string;
  readonly accessKey: string;
}
export interface RbspTable {
  /** The source's clock when it answered, 14 digits. */
  readonly timeStamp: string;
  /** Names in capitals; empty when nothing was found. */
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escapeXml = (text: string): string => text.replace(/[&<>]/g, character => escapes[character]!);

const dataOf = (values: readonly string[]): string => values.map(value => `<Data>${escapeXml(value)}</Data>`).join('');
const item = (name: string, type: string, content: string): string =>
  `<Item><Name>${name}</Name><Value Type="${type}">${content}</Value></Item>`;

/** The request's text. The check code proves the sender: HMAC-SHA256 of service, time and condition. */
export function writeRequest(query: RbspQuery, sender: RbspSender, timeStamp: string): string {
  const { serviceId, condition, items, orderBy, lineCount } = query;
  const checkCode = createHmac('sha256', sender.accessKey)
    .update(`${serviceId}\n${timeStamp}\n${condition}`)
    .digest('hex');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<RBSPMessage><Version>1.0</Version><ServiceID>${serviceId}</ServiceID><TimeStamp>${timeStamp}</TimeStamp>`,
    `<Security><CheckCode Algorithm="HMAC-SHA256">${checkCode}</CheckCode></Security>`,
    '<Method><Name>Query</Name><Items>',
    item('SenderID', 'string', dataOf([sender.senderId])),
    item('Condition', 'string', dataOf([condition])),
    item('RequiredItems', 'arrayOf_string', dataOf(items)),
    item('OrderItems', 'arrayOf_string', dataOf(orderBy)),
    item('LineCount', 'string', dataOf([String(lineCount)])),
    '</Items></Method></RBSPMessage>',
  ].join('');
}

/**
 * The parser neither expands references nor keeps CDATA apart from text: it drops references to one half of a character,
 * which some senders write in pairs. So they are read here, and what stands in CDATA is escaped beforehand.
 */
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  isArray: name => name === 'Item' || name === 'Row' || name === 'Data',
});
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const readEntities = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(?:#x([\da-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
        if (name) return entities[name.toLowerCase()]!;
        const point = hex ? Number.parseInt(hex, 16) : Number(decimal);
        return point > 0 && point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole;
      })
    : text;

/** An element with nothing but text in it; the parser gives an object where there are comments. */
const cell = z.string().transform(readEntities);
const row = z
  .union([z.object({ Data: z.array(cell).default([]) }), z.string().transform(() => ({ Data: [] as string[] }))])
  .transform(({ Data }) => Data);
const envelope = z.object({
  RBSPMessage: z.object({
    TimeStamp: z.string().regex(/^\d{14}$/),
    Method: z.object({
      Items: z.object({ Item: z.array(z.object({ Value: z.object({ Row: z.array(row).min(1) }) })).min(1) }),
    }),
  }),
});

/**
 * Row 0 is the status, row 1 the header, the rest are values; fewer than three rows mean no hit. Throws `SourceError`.
 */
export function readResponse(text: string): RbspTable {
  const xml = text.trim();
  // A sender without subscription gets a line of plain text; it may name the sender, so it is not repeated.
  if (xml.startsWith('SrcReceiver:')) throw new SourceError('REFUSED', 'the sender is not subscribed to the service');
  if (!xml.startsWith('<') || !xml.endsWith('</RBSPMessage>')) {
    throw new SourceError('MALFORMED', 'the answer is not a whole RBSP message');
  }
  if (xml.includes('<!DOCTYPE')) throw new SourceError('MALFORMED', 'the answer declares a document type');
  const read = envelope.safeParse(parse(xml));
  if (!read.success) throw new SourceError('MALFORMED', 'the answer is not an RBSP table');
  const { TimeStamp: timeStamp, Method } = read.data.RBSPMessage;
  const [status = [], header = [], ...rows] = Method.Items.Item[0]!.Value.Row;
  demandSuccess(status[0]?.trim() ?? '');
  return { timeStamp, header: header.map(name => name.trim().toUpperCase()), rows };
}

/** Comments are left out, and what CDATA holds is text without references (XML 1.0, 2.7). */
const plainXml = (xml: string): string =>
  xml.includes('<!')
    ? xml.replace(/<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, text: string | undefined) => escapeXml(text ?? ''))
    : xml;

function parse(xml: string): unknown {
  try {
    return parser.parse(plainXml(xml));
  } catch (cause) {
    throw new SourceError('MALFORMED', 'the answer is not XML', { cause });
  }
}

/** 000 is success, 1xx a refusal, 9xx a fault of the platform; other codes mean that the query was wrong. */
function demandSuccess(status: string): void {
  if (status === '000') return;
  const shown = /^\w{1,8}$/.test(status) ? status : 'unknown';
  if (status.startsWith('1')) throw new SourceError('REFUSED', `the platform refused the request with status ${shown}`);
  if (status.startsWith('9')) throw new SourceError('UNREACHABLE', `the platform is not ready: status ${shown}`);
  throw new SourceError('MALFORMED', `the platform answered with status ${shown}`);
}
