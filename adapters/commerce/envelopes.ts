/**
 * Each service was written by other people, so each wraps its rows differently, and the envelopes are unreliable:
 * totals of 0 over rows, success with an error in words. Rows are trusted, totals are never read, and only an answer
 * that plainly says "nothing" counts as empty, because an empty page ends a feed.
 */
import { SourceError } from '../kit/index.ts';
import { type FeedService, isRow, plainText, type Row } from './wire.ts';

const NOTHING = /^(成功|操作成功|查询成功|success|ok|无数据|未查询到数据|未查到数据|查无数据)?$/i;
const PASSES = /繁忙|稍后|超时|timeout|busy/i;

/** The source's words stay out of the message: they may quote the query. */
function businessError(message: unknown): SourceError {
  const passes = PASSES.test(plainText(message) ?? '');
  return new SourceError(passes ? 'UNREACHABLE' : 'REFUSED', 'the service answered with a business error');
}

const rowsIn = (data: unknown): readonly unknown[] => {
  if (Array.isArray(data)) return data;
  if (data === null || data === undefined || data === '') return [];
  throw new SourceError('MALFORMED', 'the answer holds no list of rows');
};

/** `{resultCode: "00", resultMsg, resultData: [...], resultTotal: 0}` */
function readResultData(answer: Row): readonly unknown[] {
  if (plainText(answer.resultCode) !== '00') throw businessError(answer.resultMsg);
  return rowsIn(answer.resultData);
}

/** `{code: "0", message, result: {total: "1", data: [...]}}` */
function readResult(answer: Row): readonly unknown[] {
  if (plainText(answer.code) !== '0') throw businessError(answer.message);
  if (!isRow(answer.result)) throw new SourceError('MALFORMED', 'the answer holds no result');
  return rowsIn(answer.result.data);
}

/** `{Success: true, Message, Data: [...]}`, where Message may contradict Success. */
function readSuccess(answer: Row): readonly unknown[] {
  if (plainText(answer.Success) !== 'true') throw businessError(answer.Message);
  const rows = rowsIn(answer.Data);
  if (rows.length === 0 && !NOTHING.test(plainText(answer.Message) ?? '')) throw businessError(answer.Message);
  return rows;
}

const envelopes: Readonly<Record<FeedService, (answer: Row) => readonly unknown[]>> = {
  entity: readResultData,
  change: readResult,
  abnormal: readSuccess,
  case: readResult,
};

/** The rows of a page. Throws `SourceError`. */
export function readPage(service: FeedService, answer: unknown): readonly unknown[] {
  if (!isRow(answer)) throw new SourceError('MALFORMED', 'the answer is not an object');
  return envelopes[service](answer);
}

/** An answer about one entity: a flat object, a bare list where there are several, empty strings for none. */
export function readAnswer(answer: unknown): readonly Row[] {
  const rows = Array.isArray(answer) ? answer : [answer];
  if (!rows.every(isRow)) throw new SourceError('MALFORMED', 'the answer is not an entity');
  const found = rows.filter(row => plainText(row.PRIPID) !== null);
  if (found.length < rows.length && rows.some(row => 'code' in row && plainText(row.code) !== '0')) {
    throw businessError(rows.find(row => 'code' in row)?.message);
  }
  return found;
}
