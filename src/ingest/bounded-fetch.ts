/**
 * The `fetch` that adapters get: it reaches the addresses that their settings declare and nothing else, follows no
 * redirects, and reads an answer up to a size (unpacked).
 */
import { SourceError } from '../../adapters/kit/contract.ts';

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Rejects with a SourceError of kind REFUSED for other servers than those of these addresses, and for an answer that is a
 * redirect: to follow it would take what is asked, and whom it is about, to where nobody has looked.
 */
export function fetchWithin(fetch: typeof globalThis.fetch, addresses: readonly string[]): typeof globalThis.fetch {
  const origins = new Set(addresses.map(address => new URL(address).origin));
  return async (input, init) => {
    const { origin } = new URL(input instanceof Request ? input.url : input);
    if (!origins.has(origin)) throw new SourceError('REFUSED', 'the address is not one of the settings of the agency');
    const response = await fetch(input, { ...init, redirect: 'manual' });
    if (!redirects.has(response.status)) return response;
    await response.body?.cancel();
    throw new SourceError('REFUSED', 'the server answered with a redirect, which is not followed: set its new address');
  };
}

export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/** Reading the body of a longer answer rejects with AnswerTooLarge, and the connection is closed. */
export function boundedFetch(fetch: typeof globalThis.fetch, maxBytes: number): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!response.body) return response;
    let bytes = 0;
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(part, controller) {
        bytes += part.length;
        if (bytes > maxBytes) controller.error(new AnswerTooLarge(`An answer has more than ${maxBytes} bytes`));
        else controller.enqueue(part);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(counted), { status, statusText, headers });
  };
}
