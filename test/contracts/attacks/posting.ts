/** Sends requests as attackers write them, without correcting anything. */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Codes of the errors; empty when there are no errors or the answer is not JSON. */
  readonly codes: readonly string[];
  readonly messages: readonly string[];
  readonly data: unknown;
  readonly extensions: unknown;
}

/**
 * Far longer than any request of these attacks takes on a busy machine, so that it finds a hub that hangs and not a
 * slow one.
 */
const deadlineMs = 15_000;

export async function send(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(deadlineMs), redirect: 'manual' });
  const text = await response.text();
  const json = parsed(text);
  const errors = (json?.errors ?? []) as { message: string; extensions?: { code?: string } }[];
  return {
    status: response.status,
    headers: response.headers,
    text,
    codes: errors.map(error => error.extensions?.code ?? ''),
    messages: errors.map(error => error.message),
    data: json?.data,
    extensions: json?.extensions,
  };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

export interface Asking {
  readonly token?: string | null | undefined;
  readonly variables?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

export const post = (url: string, query: string, { token, variables, headers, body }: Asking = {}): Promise<Answer> =>
  send(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers },
    body: JSON.stringify({ query, variables, ...body }),
  });

export const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
