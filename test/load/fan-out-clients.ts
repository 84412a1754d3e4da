/**
 * W4's subscribers, in a process of their own: many sockets that speak graphql-transport-ws and read frames by hand, so
 * that receiving costs little compared with sending. Each checks that it receives every event once and in order.
 */
import net from 'node:net';

export interface ClientsTask {
  readonly port: number;
  /** For each subscriber, the payload with which it introduces itself, and its subscription. */
  readonly subscribers: readonly { readonly init: object; readonly subscribe: object }[];
}
export type ClientsReport =
  | { readonly connected: number }
  /**
   * All subscribers have received this event, the first being 1; with the nanoseconds at which each did, if they are
   * kept.
   */
  | { readonly heard: number; readonly times: readonly string[] | null }
  | { readonly failure: string };

const report = (message: ClientsReport) => process.send!(message);
let count = 0;
let keepTimes = false;
/** How many subscribers have received an event, and when. */
const heard = new Map<number, { count: number; times: bigint[] }>();

process.on('message', (message: { connect?: ClientsTask; keepTimes?: boolean }) => {
  if (message.keepTimes !== undefined) keepTimes = message.keepTimes;
  if (message.connect) connectAll(message.connect).catch(error => report({ failure: String(error) }));
});
process.on('disconnect', () => process.exit(0));

const concurrency = 50;
async function connectAll({ port, subscribers }: ClientsTask): Promise<void> {
  for (let from = 0; from < subscribers.length; from += concurrency) {
    await Promise.all(
      subscribers.slice(from, from + concurrency).map((subscriber, i) => connect(port, from + i, subscriber)),
    );
  }
  count = subscribers.length;
  report({ connected: count });
}

function connect(port: number, number: number, { init, subscribe }: ClientsTask['subscribers'][number]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const say = (message: object) => socket.write(frame(JSON.stringify(message)));
    let last = 0;
    let open = false;
    let acknowledged = false;
    let held: Buffer | null = null;
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => report({ failure: `subscriber ${number} was disconnected` }));
    socket.write(handshake);
    socket.on('data', data => {
      let rest: Buffer = held ? Buffer.concat([held, data]) : data;
      held = null;
      if (!open) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) {
          held = rest;
          return;
        }
        if (!rest.toString('latin1', 0, 12).endsWith('101')) return reject(new Error(rest.toString('latin1', 0, 200)));
        open = true;
        rest = rest.subarray(end + 4);
        say({ type: 'connection_init', payload: init });
      }
      for (let size = frameEnd(rest); size > 0; size = frameEnd(rest)) {
        const start = payloadStart(rest);
        const opcode = rest[0]! & 15;
        if (opcode === 9) socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]));
        else if (opcode === 8)
          report({ failure: `subscriber ${number} was closed: ${rest.toString('utf8', start, size)}` });
        else if (!acknowledged) {
          acknowledged = true;
          say({ id: `subscription-${number}`, type: 'subscribe', payload: subscribe });
          resolve();
        } else last = hear(rest, start, size, number, last);
        rest = rest.subarray(size);
      }
      if (rest.length) held = rest;
    });
  });
}

const mark = '"position":';
/** The position of the first event. Nothing is published until all are connected, so it is the same for all. */
let first = 0;

/** Returns the position of the event. */
function hear(data: Buffer, start: number, end: number, number: number, last: number): number {
  const at = data.indexOf(mark, start, 'latin1');
  // Some servers send messages of their own that they live, and up to which position.
  if (data.indexOf('"ping"', start, 'latin1') === start + '{"type":'.length) return last;
  if (at < 0 || at >= end) {
    const text = data.toString('utf8', start, end);
    report({ failure: `subscriber ${number} heard ${text.slice(0, 400)}` });
    return last;
  }
  const position = Number.parseInt(
    data.toString('latin1', at + mark.length, at + mark.length + 12).replace('"', ''),
    10,
  );
  first ||= position;
  const expected = last ? last + 1 : first;
  if (position !== expected) report({ failure: `subscriber ${number} heard ${position} instead of ${expected}` });
  note(position - first + 1);
  return position;
}

function note(event: number): void {
  const state = heard.get(event) ?? { count: 0, times: [] };
  if (!state.count) heard.set(event, state);
  state.count += 1;
  if (keepTimes) state.times.push(process.hrtime.bigint());
  if (state.count < count) return;
  heard.delete(event);
  report({ heard: event, times: keepTimes ? state.times.map(String) : null });
}

const handshake = [
  'GET /graphql HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: graphql-transport-ws',
  '\r\n',
].join('\r\n');

/** A text frame with a mask of zeros. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
  head[0] = 0x81;
  head[1] = 0x80 | (body.length < 126 ? body.length : 126);
  if (body.length >= 126) head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}
function payloadStart(data: Buffer): number {
  return (data[1]! & 127) === 126 ? 4 : 2;
}
/** The end of the first frame; 0 while it is not complete. No event needs more than 64 KB. */
function frameEnd(data: Buffer): number {
  if (data.length < 2) return 0;
  const short = data[1]! & 127;
  if (short < 126) return data.length >= 2 + short ? 2 + short : 0;
  if (data.length < 4) return 0;
  const end = 4 + data.readUInt16BE(2);
  return data.length >= end ? end : 0;
}
