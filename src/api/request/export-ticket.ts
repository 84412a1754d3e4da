/** An order for an export file, and the ticket by which its reader fetches the file. */
import { parseJson } from '../../../adapters/kit/json.ts';
import { deepestJson } from '../../access/limits.ts';
import { HubError } from '../../domain/error-codes.ts';

export interface TicketOrder {
  readonly operation: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly format: string;
  readonly bom: boolean;
}
export interface IssuedTicket {
  /** The path of the file on this hub. */
  readonly path: string;
  readonly expiresAt: string;
  /** The name of the operation that was ordered. */
  readonly operation: string | null;
}

export function readVariables(text: string | null | undefined): Readonly<Record<string, unknown>> {
  if (!text) return {};
  try {
    const value = parseJson(text, deepestJson);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The error below reports it.
  }
  throw new HubError('BAD_USER_INPUT', '`variables` must be a JSON object');
}
