import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { verifyLog } from '../../../src/audit/verify-log.ts';
import { AuditFolder, draft } from '../../support/audit-folder.ts';

let folder: AuditFolder;
beforeEach(() => {
  folder = new AuditFolder();
});
afterEach(() => folder.remove());

const priority = /^<109>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ outpost-hub \d+ audit-root - \{"batch":\d+,/;

test('roots sent to a syslog server by UDP prove the log from a file of that server', async () => {
  const server = createSocket('udp4');
  const received: string[] = [];
  server.on('message', message => received.push(message.toString('utf8')));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const log = await folder.open({ roots: `syslog://127.0.0.1:${server.address().port}` });
    for (let i = 0; i < 12; i++) await log.append(draft());
    await log.close();
    while (received.length < 3) await once(server, 'message');
    for (const line of received) expect(line).toMatch(priority);
    const file = path.join(path.dirname(folder.dir), 'audit-roots.log');
    writeFileSync(file, received.map(line => `Nov 23 01:30:00 hub ${line}\n`).join(''));
    const { faults, roots, last } = await verifyLog(folder.dir, file);
    expect({ faults, roots, last }).toEqual({ faults: [], roots: 3, last: 12 });
    writeFileSync(file, received.slice(1).join('\n'));
    expect((await verifyLog(folder.dir, file)).faults[0]).toBe('The roots 1 to 1 are missing');
  } finally {
    server.close();
  }
});

test('by TCP each root is framed by its length, and a broken connection is made again', async () => {
  let text = '';
  let connections = 0;
  const server = createServer(socket => {
    connections += 1;
    socket.setEncoding('utf8').on('data', part => {
      text += part;
      if (connections === 1) socket.destroy();
      server.emit('root');
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const log = await folder.open({ roots: `syslog+tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const first = once(server, 'root');
    for (let i = 0; i < 5; i++) await log.append(draft());
    await first;
    const second = once(server, 'root');
    for (let i = 0; i < 5; i++) await log.append(draft());
    await log.close();
    await second;
    const frames: string[] = [];
    for (let rest = Buffer.from(text); rest.length; ) {
      const space = rest.indexOf(' ');
      const length = Number(rest.toString('utf8', 0, space));
      frames.push(rest.toString('utf8', space + 1, space + 1 + length));
      rest = rest.subarray(space + 1 + length);
    }
    for (const frame of frames) expect(frame).toMatch(priority);
    expect(new Set(frames.map(frame => /"batch":(\d+)/.exec(frame)![1]))).toEqual(new Set(['1', '2']));
  } finally {
    server.close();
  }
});
