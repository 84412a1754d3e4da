/**
 * Events of `subscription changes` for a part of the log: every change that was asked for and that the reader may see.
 */
import type { StoredNoun } from '../../catalog/catalog.ts';
import type { FeedEvent, FilterGroup, GroupHandler } from '../../feed/group-handler.ts';
import type { Change } from '../../feed/tail.ts';
import { type MatchQuery, matchedSince, matchNow, relationTests } from '../../query/matches.ts';
import { Context, type Hub } from '../request/context.ts';
import type { ChangesFilter } from '../request/subscription-request.ts';
import { answerFor, type EventExecution, type Subscriber } from './event-execution.ts';
import { type FilterReads, inTime } from './filter-reads.ts';

type ChangesFilterGroup = FilterGroup<ChangesFilter, Subscriber>;

export function changeHandler(
  hub: Hub,
  execution: EventExecution,
  reader: () => Subscriber,
  filterReads: FilterReads,
): GroupHandler<ChangesFilter, Subscriber> {
  return {
    eventsOf: async (changes, filterGroups, signal) => {
      const read = hub.streams.reads(filterReads.shareOf(filterGroups, signal));
      const asked = changes
        .map(change => ({ change, filterGroups: filterGroups.filter(({ filter }) => isWanted(filter, change)) }))
        .filter(one => one.filterGroups.length);
      const context = new Context(hub, reader().principal);
      const found = await inTime(deliverable({ context, read }, asked, (changes[0]?.position ?? 1) - 1));
      return changes.flatMap((change): FeedEvent<ChangesFilter, Subscriber>[] => {
        const { position } = change;
        const given = found.get(change);
        return given?.length ? [{ position, partial: false, filterGroups: given, root: change }] : [];
      });
    },
    relationTests: ({ where }) =>
      Object.entries(where ?? {}).reduce((sum, [kind, test]) => sum + relationTests(hub.catalog.get(kind), test), 0),
    charge: (...tested) => filterReads.charge(...tested),
    answer: ({ root }) => answerFor(execution, reader().principal, root),
    snapshot: null,
    lagged: null,
  };
}

const isWanted = ({ where, agencies, kinds, caseNo }: ChangesFilter, change: Change): boolean =>
  (!where || change.kind in where) &&
  (!agencies || agencies.includes(change.agency)) &&
  (!kinds || kinds.includes(change.kind)) &&
  (!caseNo || caseNo === change.caseNo);

interface Asked {
  readonly change: Change;
  readonly filterGroups: readonly ChangesFilterGroup[];
}

interface Ground {
  readonly context: Context;
  readonly read: MatchQuery['read'];
}

/** Changes that may be sent, with the filter groups whose filter they fit. */
async function deliverable(ground: Ground, asked: readonly Asked[], after: number) {
  const found = new Map<Change, readonly ChangesFilterGroup[]>();
  for (const [kind, some] of Map.groupBy(asked, one => one.change.kind)) {
    const noun = ground.context.hub.catalog.stored(kind);
    const changes = some.map(one => one.change);
    const visible = new Set(await visibleOf(ground, noun, changes));
    const seen = some.filter(one => visible.has(one.change));
    for (const { change, filterGroups } of await fitting(ground, noun, seen, after)) found.set(change, filterGroups);
  }
  return found;
}

/**
 * Keeps changes whose row fits the filter now, or did at some moment since the position: a row that leaves a filter is
 * sent once more.
 */
async function fitting(
  { context: { hub, policy }, read }: Ground,
  noun: StoredNoun,
  asked: readonly Asked[],
  after: number,
) {
  const whereOf = ({ filter }: ChangesFilterGroup) => filter.where?.[noun.name] ?? null;
  const filters = [...new Set(asked.flatMap(one => one.filterGroups))].filter(whereOf);
  if (!filters.length) return asked;
  const { catalog } = hub;
  const looking: MatchQuery = { read, catalog, policy, noun, wheres: filters.map(whereOf) };
  const ids = [...new Set(asked.map(one => one.change.recordId))];
  const now = await matchNow(looking, ids);
  const fitsNow = (id: string, filter: number) => now.get(id)?.deleted === false && now.get(id)!.fits[filter];
  const missing = ids.filter(id => filters.some((_, i) => !fitsNow(id, i)));
  const before = missing.length ? await matchedSince(looking, missing, after) : new Map();
  const places = new Map(filters.map((filterGroup, i) => [filterGroup, i]));
  const fits = (id: string, filterGroup: ChangesFilterGroup) => {
    const filter = places.get(filterGroup);
    return filter === undefined || fitsNow(id, filter) || before.get(id)?.[filter];
  };
  return asked.map(({ change, filterGroups }) => ({
    change,
    filterGroups: filterGroups.filter(filterGroup => fits(change.recordId, filterGroup)),
  }));
}

/**
 * Changes that the readers may see by their policy as of now. Where the policy names rows, a change without its row is
 * sent only to readers of its own agency.
 */
async function visibleOf({ context: { hub, policy }, read }: Ground, noun: StoredNoun, changes: readonly Change[]) {
  const rows = policy.rows(noun);
  if (rows === 'all') return [...changes];
  if (rows === 'none') return [];
  if ('is' in rows && rows.column === 'agency') return changes.filter(({ agency }) => agency === rows.is);
  const { catalog } = hub;
  const ids = new Set(changes.filter(change => !change.deleted).map(change => change.recordId));
  if (!ids.size) return [];
  const matches = await matchNow({ read, catalog, policy, noun, wheres: [] }, [...ids]);
  const isVisible = (id: string) => Boolean(matches.get(id)?.visible && !matches.get(id)?.deleted);
  return changes.filter(({ deleted, recordId }) => !deleted && isVisible(recordId));
}
