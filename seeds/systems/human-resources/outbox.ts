/**
 * Puts files into the served folder as the agency does: the data, then the control file that says they are complete.
 */
import { createHash } from 'node:crypto';
import { encodeGb18030 } from './gb18030.ts';
import { BROKEN_BYTE } from './row-spoiler.ts';
import type { Table } from './rows.ts';
import type { SftpServer } from './sftp-server.ts';

/** A byte that begins no character of GB18030. */
const NO_CHARACTER = 0xff;

export interface WireFile {
  readonly table: Table;
  readonly mode: 'ALL' | 'INC';
  /** `202610` or `20261103`. */
  readonly period: string;
  readonly serial: number;
  readonly lines: readonly string[];
}

/** The line ends are those of the agency's Windows servers. */
function encode(lines: readonly string[]): Buffer {
  const bytes = encodeGb18030(lines.length ? `${lines.join('\r\n')}\r\n` : '');
  const broken = BROKEN_BYTE.charCodeAt(0);
  for (let at = bytes.indexOf(broken); at >= 0; at = bytes.indexOf(broken, at)) bytes[at] = NO_CHARACTER;
  return bytes;
}

const baseName = ({ table, mode, period, serial }: WireFile): string =>
  `${table}_${mode}_${period}_${String(serial).padStart(6, '0')}`;

const controlOf = (file: WireFile, bytes: Buffer): Buffer => {
  const { mode, period } = file;
  const [year, month] = [Number(period.slice(0, 4)), Number(period.slice(4, 6))];
  const day = mode === 'ALL' ? `${period}${new Date(Date.UTC(year, month, 0)).getUTCDate()}` : period;
  const said = {
    FILE: `${baseName(file)}.txt`,
    KIND: file.table,
    MODE: file.mode,
    PERIOD: file.period,
    ROWS: file.lines.length,
    SHA256: createHash('sha256').update(bytes).digest('hex'),
    ASOF: `${day}235959`,
  };
  const lines = Object.entries(said).map(([name, value]) => `${name}=${value}\r\n`);
  return Buffer.from(lines.join(''), 'latin1');
};

export class Outbox {
  /** Repairs that run once somebody has fetched the wrong file: the agency watches its downloads. */
  private readonly repairs = new Map<string, () => void>();

  constructor(private readonly server: SftpServer) {
    server.onFetched = name => {
      this.repairs.get(name)?.();
      this.repairs.delete(name);
    };
  }

  publish(file: WireFile): string {
    const bytes = encode(file.lines);
    this.server.put(`${baseName(file)}.txt`, bytes);
    this.server.put(`${baseName(file)}.ctl`, controlOf(file, bytes));
    return `${baseName(file)}.txt`;
  }

  /** Puts the data without their control file, as during an upload; `publish` completes it. */
  layData(file: WireFile): void {
    this.server.put(`${baseName(file)}.txt`, encode(file.lines));
  }

  /** Puts half of the data with the control file of the whole. Returns the name and a function that repairs it. */
  publishTorn(file: WireFile): { name: string; repair: () => void } {
    const name = this.publish(file);
    const bytes = encode(file.lines);
    this.server.put(name, bytes.subarray(0, bytes.length >> 1));
    return { name, repair: () => this.layData(file) };
  }

  /** The same, but it is repaired after the first fetch. */
  publishTornOnce(file: WireFile): void {
    const { name, repair } = this.publishTorn(file);
    this.repairs.set(name, repair);
  }
}
