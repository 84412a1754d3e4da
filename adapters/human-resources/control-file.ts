/** The control file beside each data file: written last, it says that the data file is complete and what it holds. */
import { Rejection, readInstant, readInteger, SourceError } from '../kit/index.ts';
import type { DataFile } from './file-name.ts';

export interface ControlFile {
  /** Lines of the data file. */
  readonly rows: number;
  /** Digest of the data file's bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  /** The time up to which the data are current, with offset. */
  readonly asOf: string;
}

/** Reports what is wrong with a data file or its control file: the agency has to send it again. */
export const malformed = (file: DataFile, reason: string): SourceError =>
  new SourceError('MALFORMED', `file ${file.name} ${reason}`);

/** Reads `NAME=value` lines. Throws MALFORMED where they are incomplete, describe another file, or name no real day. */
export function parseControlFile(file: DataFile, text: string): ControlFile {
  const { firstDay } = file;
  if (firstDay === null) throw malformed(file, `is named after no ${file.whole ? 'month' : 'day'} of the calendar`);
  const said = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) said.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  const expected = { FILE: file.name, KIND: file.table, MODE: file.whole ? 'ALL' : 'INC', PERIOD: file.period };
  for (const [name, value] of Object.entries(expected)) {
    if (said.get(name) !== value) throw malformed(file, `has a control file whose ${name} is not of this file`);
  }
  const sha256 = said.get('SHA256')?.toLowerCase() ?? '';
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw malformed(file, 'has a control file without a SHA256 digest');
  try {
    const rows = readInteger('ROWS', said.get('ROWS'));
    const asOf = readInstant('ASOF', said.get('ASOF'));
    if (rows === null || rows < 0 || asOf === null) throw malformed(file, 'has a control file without ROWS or ASOF');
    // Its version would stand before those of all files to come.
    if (firstDay > asOf.slice(0, 10)) throw malformed(file, 'is named after a day that is later than its ASOF');
    return { rows, sha256, asOf };
  } catch (error) {
    if (error instanceof Rejection) throw malformed(file, `has a control file whose ${error.message}`);
    throw error;
  }
}
