/** Asks agencies for data that may not be copied (不落地), and for fresh answers: in batches, with a deadline. */
import { type Adapter, type AgencySource, SourceError } from '../../adapters/kit/contract.ts';
import { HubError } from '../domain/error-codes.ts';
import type { ValidRecord } from '../store/rows.ts';
import { demandItems } from './page-envelope.ts';
import { Restater } from './restate.ts';
import { within } from './within.ts';

export interface LookupAgency {
  readonly adapter: Adapter;
  readonly source: AgencySource<unknown>;
}
/** Records of a kind about each key, in the keys' order. An outage is one error for each key that it concerns. */
export type Lookup = (kind: string, keys: readonly string[]) => Promise<readonly (LiveRecord[] | HubError)[]>;
export interface LiveRecord extends ValidRecord {
  readonly agency: string;
}

export function makeLookup(agencies: readonly LookupAgency[], deadlineMs: number): Lookup {
  const restaters = new Map(agencies.map(({ adapter }) => [adapter, new Restater(adapter, 'to show')]));
  return async (kind, keys) => {
    const answering = agencies.filter(
      ({ adapter, source }) =>
        source.lookup && [...adapter.records, ...adapter.hallRecords].some(k => k.name === kind && k.live),
    );
    const answers = await Promise.all(
      answering.map(asked => ask(asked, restaters.get(asked.adapter)!, kind, keys, deadlineMs)),
    );
    return keys.map((_, i) => {
      const parts = answers.map(answer => answer[i]!);
      return parts.find(part => part instanceof HubError) ?? parts.flatMap(part => part as LiveRecord[]);
    });
  };
}

async function ask(
  { adapter, source }: LookupAgency,
  restater: Restater,
  kind: string,
  keys: readonly string[],
  deadlineMs: number,
) {
  const agency = adapter.agency.code;
  try {
    const lists = await within(deadlineMs, signal => source.lookup!(kind, keys, { signal }));
    demandLists(lists, keys.length);
    return lists.map(items =>
      restater
        .restate(items)
        .records.filter(r => r.statement.kind === kind && !r.statement.deleted)
        .map(r => ({ ...r, agency })),
    );
  } catch (error) {
    // Resolved, not rejected: a DataLoader drops keys whose batch rejects, and would ask again within one request.
    return keys.map(() => unanswered(agency, kind, error));
  }
}

function demandLists(lists: unknown, count: number): void {
  if (!Array.isArray(lists) || lists.length !== count)
    throw new SourceError('MALFORMED', 'the adapter gave no list for each key');
  for (const items of lists) demandItems(items, lookupBounds);
}
/** Nobody has so many records of one kind. */
const lookupBounds = { items: 10_000, bytes: 64_000_000 };

function unanswered(agency: string, kind: string, cause: unknown): HubError {
  const refused = cause instanceof SourceError && cause.kind === 'REFUSED';
  return refused
    ? new HubError('AGENCY_REFUSED', `${agency} refused the question about ${kind}`, { agency }, { cause })
    : new HubError('AGENCY_UNAVAILABLE', `${agency} did not answer the question about ${kind}`, { agency }, { cause });
}
