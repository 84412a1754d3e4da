/**
 * Sends requests to a server without pause over a fixed number of open connections, each with one request under way, in
 * a process of its own. It uses plain sockets and prepared requests, so that sending costs little beside answering.
 */
import net from 'node:net';

export interface LoopTask {
  readonly port: number;
  readonly connections: number;
  /** Complete HTTP requests. */
  readonly requests: readonly string[];
}
export interface LoopResult {
  readonly count: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The first response that was not a valid answer. */
  readonly failure: string | null;
}

interface Asker {
  readonly socket: net.Socket;
  since: number;
}

let task: LoopTask;
let askers: Asker[] = [];
let next = 0;
let asking = false;
let times: number[] = [];
let failure: string | null = null;
let underWay = 0;
let onIdle = () => {};

process.on('message', (message: { start?: LoopTask; seconds?: number }) => {
  const work = message.start ? start(message.start) : run(message.seconds!);
  work.then(
    result => process.send!(result ?? {}),
    (error: Error) => process.send!({ failure: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

async function start(given: LoopTask): Promise<void> {
  task = { ...given };
  askers = await Promise.all(Array.from({ length: task.connections }, connect));
}

const connect = () =>
  new Promise<Asker>((resolve, reject) => {
    const socket = net.connect(task.port, '127.0.0.1');
    const asker = { socket, since: 0 };
    socket.setNoDelay(true);
    socket.once('connect', () => resolve(asker)).once('error', reject);
    const answered = readAnswers((status, body) => {
      times.push(performance.now() - asker.since);
      if (status !== 200 || body.startsWith('{"errors"')) failure ??= `${status} ${body.slice(0, 400)}`;
      underWay -= 1;
      if (asking) ask(asker);
      else if (underWay === 0) onIdle();
    });
    socket.on('data', answered);
    socket.on('close', () => {
      failure ??= 'the server closed a connection';
    });
  });

function ask(asker: Asker): void {
  underWay += 1;
  asker.since = performance.now();
  asker.socket.write(task.requests[next++ % task.requests.length]!);
}

async function run(seconds: number): Promise<LoopResult> {
  times = [];
  asking = true;
  const since = performance.now();
  for (const asker of askers) ask(asker);
  await new Promise(resolve => setTimeout(resolve, seconds * 1000));
  asking = false;
  if (underWay) await new Promise<void>(resolve => (onIdle = resolve));
  const took = (performance.now() - since) / 1000;
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, seconds: took, p50Ms: at(0.5), p99Ms: at(0.99), failure };
}

/** HTTP/1.1 answers with a length or in chunks, one after the other. */
function readAnswers(onAnswer: (status: number, start: string) => void): (data: Buffer) => void {
  let held: Buffer | null = null;
  return data => {
    let rest: Buffer = held ? Buffer.concat([held, data]) : data;
    for (let end = endOf(rest); end >= 0; end = endOf(rest)) {
      const head = rest.indexOf('\r\n\r\n') + 4;
      onAnswer(Number(rest.toString('latin1', 9, 12)), rest.toString('latin1', head, Math.min(end, head + 400)));
      rest = rest.subarray(end);
    }
    held = rest.length ? rest : null;
  };
}

/** The end of the first answer; -1 while it is not complete. */
function endOf(data: Buffer): number {
  const head = data.indexOf('\r\n\r\n');
  if (head < 0) return -1;
  const fields = data.toString('latin1', 0, head).toLowerCase();
  const length = /\r\ncontent-length: (\d+)/.exec(fields)?.[1];
  const body = head + 4;
  if (length !== undefined) return data.length >= body + Number(length) ? body + Number(length) : -1;
  let at = body;
  for (;;) {
    const line = data.indexOf('\r\n', at);
    if (line < 0) return -1;
    const size = Number.parseInt(data.toString('latin1', at, line), 16);
    at = line + 2 + size + 2;
    if (at > data.length) return -1;
    if (size === 0) return at;
  }
}
