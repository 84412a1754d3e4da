/** Text from outside, in the encoding that is agreed. */
import { SourceError } from './contract.ts';

const strict = new TextDecoder('utf-8', { fatal: true });

/**
 * @throws SourceError MALFORMED for bytes that are not UTF-8 (GB18030, mostly): read leniently they would be names with
 *   characters missing
 */
export function decodeUtf8(bytes: ArrayBuffer | Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    throw new SourceError('MALFORMED', 'the answer is not UTF-8', { cause });
  }
}
