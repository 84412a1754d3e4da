/** What a log may hold of an error: its kind and place, never its message, which may quote a person's data. */
import { SourceError } from '../../adapters/kit/contract.ts';

export interface ErrorFacts {
  readonly name: string;
  readonly code?: string;
  /** Only of errors whose messages are written by an adapter for this purpose. */
  readonly message?: string;
  readonly at: readonly string[];
}

export function errorFacts(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { name: typeof error, at: [] };
  const code = (error as { code?: unknown }).code;
  const frames = (error.stack ?? '').split('\n').filter(line => /^\s+at /.test(line));
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(error instanceof SourceError && { code: error.kind, message: error.message }),
    at: frames.slice(0, 6).map(line => line.trim()),
  };
}
