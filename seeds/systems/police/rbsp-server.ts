/** The request service platform: an HTTP server that answers RBSP messages. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { XMLParser } from 'fast-xml-parser';

export interface Request {
  readonly serviceId: string;
  readonly condition: string;
  readonly requiredItems: readonly string[];
  readonly lineCount: number;
}
/** Rows by item name; `short` ones lose their last value. Null when the condition is not understood. */
export type Answer = readonly { readonly values: Readonly<Record<string, string>>; readonly short?: boolean }[] | null;

export interface Platform {
  readonly senderId: string;
  readonly accessKey: string;
  /** Null for a service to which the sender is not subscribed. */
  answer(request: Request): Answer | 'NOT_SUBSCRIBED';
  /** 14 digits. */
  now(): string;
}
interface Message extends Request {
  readonly senderId: string;
  readonly timeStamp: string;
  readonly checkCode: string;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: n => n === 'Item' || n === 'Data',
});

function readMessage(xml: string): Message {
  const { RBSPMessage: message } = parser.parse(xml) as {
    RBSPMessage: {
      ServiceID: string;
      TimeStamp: string;
      Security: { CheckCode: string };
      Method: { Items: { Item: { Name: string; Value: { Data: string[] } }[] } };
    };
  };
  const item = (name: string) => message.Method.Items.Item.find(({ Name }) => Name === name)?.Value.Data ?? [];
  return {
    serviceId: message.ServiceID,
    timeStamp: message.TimeStamp,
    checkCode: message.Security.CheckCode,
    senderId: item('SenderID')[0] ?? '',
    condition: item('Condition')[0] ?? '',
    requiredItems: item('RequiredItems'),
    lineCount: Number(item('LineCount')[0] ?? 0),
  };
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const rowOf = (values: readonly string[]): string =>
  `<Row>${values.map(value => (value === '' ? '<Data/>' : `<Data>${escapeXml(value)}</Data>`)).join('')}</Row>`;

function writeMessage(serviceId: string, now: string, rows: readonly string[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<RBSPMessage><Version>1.0</Version><ServiceID>${serviceId}</ServiceID><TimeStamp>${now}</TimeStamp>`,
    '<Method><Name>Query</Name><Items><Item><Value Type="arrayOfArrayOf_string">',
    ...rows,
    '</Value></Item></Items></Method></RBSPMessage>',
  ].join('');
}

export class RbspServer {
  private readonly server: Server;
  private outage: 'none' | 'refuse' | 'hang' = 'none';
  private readonly hanging = new Set<ServerResponse>();

  constructor(private readonly platform: Platform) {
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/rbsp`;
  }

  setOutage(outage: 'none' | 'refuse' | 'hang'): void {
    this.outage = outage;
    for (const response of this.hanging) response.destroy();
    this.hanging.clear();
  }

  async close(): Promise<void> {
    this.setOutage('none');
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.outage === 'refuse') return void request.socket.destroy();
    if (this.outage === 'hang') return void this.hanging.add(response);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = this.reply(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(200, { 'content-type': 'text/xml; charset=UTF-8' }).end(text);
    } catch {
      // The client disconnected, or sent something that is not a message.
      if (!response.destroyed) response.writeHead(400).end();
    }
  }

  private reply(xml: string): string {
    const message = readMessage(xml);
    const { serviceId, requiredItems } = message;
    const status = (code: string, word: string) => writeMessage(serviceId, this.platform.now(), [rowOf([code, word])]);
    if (message.senderId !== this.platform.senderId) return `SrcReceiver:${serviceId} 未订阅该服务`;
    if (!this.proves(message)) return status('101', '校验码错误');
    const answer = this.platform.answer(message);
    if (answer === 'NOT_SUBSCRIBED') return `SrcReceiver:${serviceId} 未订阅该服务`;
    if (answer === null) return status('202', '查询条件错误');
    const rows = answer.map(({ values, short }) => {
      const cells = requiredItems.map(name => values[name] ?? '');
      return rowOf(short ? cells.slice(0, -1) : cells);
    });
    return writeMessage(serviceId, this.platform.now(), [rowOf(['000', '成功']), rowOf(requiredItems), ...rows]);
  }

  private proves({ serviceId, timeStamp, condition, checkCode }: Message): boolean {
    const expected = createHmac('sha256', this.platform.accessKey)
      .update(`${serviceId}\n${timeStamp}\n${condition}`)
      .digest();
    const given = Buffer.from(checkCode, 'hex');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
