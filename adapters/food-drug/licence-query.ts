/** One signed request to the look-up service: all licences of these holders and with these numbers. */
import { decodeUtf8, type Io, parseJson, SourceError } from '../kit/index.ts';
import { DEEPEST, isRow } from './event.ts';
import { signedHeaders } from './signature.ts';

export interface LicenceQuery {
  readonly lookupUrl: string;
  readonly secret: string;
  readonly codes: readonly string[];
  readonly numbers: readonly string[];
}
type Row = Record<string, unknown>;

/** Codes are sent in the body and not in the address: those of sole traders are personal, and addresses reach logs. */
export async function askLicences(query: LicenceQuery, io: Io, signal: AbortSignal): Promise<readonly Row[]> {
  const body = JSON.stringify({ TYSHXYDM: query.codes, XKZBH: query.numbers });
  const headers = { 'content-type': 'application/json', ...signedHeaders(query.secret, body, io.now()) };
  try {
    const response = await io.fetch(new URL('/licences/query', query.lookupUrl), {
      method: 'POST',
      headers,
      body,
      signal,
    });
    const bytes = await response.arrayBuffer();
    demandSuccess(response.status);
    return parseAnswer(decodeUtf8(bytes));
  } catch (cause) {
    if (cause instanceof SourceError) throw cause;
    if (signal.aborted) throw new SourceError('TIMEOUT', 'the look-up service did not answer in time', { cause });
    throw new SourceError('UNREACHABLE', 'the look-up service cannot be reached', { cause });
  }
}

function demandSuccess(status: number): void {
  if (status < 300) return;
  if (status === 408 || status === 504) throw new SourceError('TIMEOUT', `the look-up service answered ${status}`);
  if (status === 429 || status >= 500) throw new SourceError('UNREACHABLE', `the look-up service answered ${status}`);
  throw new SourceError('REFUSED', `the look-up service answered ${status}`);
}

/** `{"resultCode":"00","resultTotal":0,"resultData":[…]}`: the total is not reliable, it is 0 with rows present. */
function parseAnswer(text: string): readonly Row[] {
  let answer: { resultCode?: unknown; resultData?: unknown } | null;
  try {
    answer = parseJson(text, DEEPEST) as typeof answer;
  } catch (cause) {
    throw new SourceError('MALFORMED', 'the look-up service did not answer with JSON', { cause });
  }
  if (typeof answer !== 'object' || answer === null || typeof answer.resultCode !== 'string') {
    throw new SourceError('MALFORMED', 'the answer of the look-up service has no resultCode');
  }
  // Errors of this service come with status 200.
  if (answer.resultCode !== '00') throw new SourceError('REFUSED', 'the look-up service refused the question');
  const rows = answer.resultData ?? [];
  if (!Array.isArray(rows) || !rows.every(isRow)) {
    throw new SourceError('MALFORMED', 'the answer of the look-up service has no list of rows');
  }
  return rows;
}
