/** The `fetch` that adapters get: it reads an answer up to a size (unpacked), and no further. */

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
