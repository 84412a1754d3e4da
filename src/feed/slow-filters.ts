/** Filters that the database could not test in time. */
import { HubError } from '../domain/error-codes.ts';

export class SlowFilters extends HubError {
  constructor(cause: unknown) {
    const message = 'The filter of this stream takes too long to test: narrow `where`, then go on at the cursor';
    super('LIMIT_EXCEEDED', message, {}, { cause });
  }
}
