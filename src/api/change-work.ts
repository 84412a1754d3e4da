/** What `subscription changes` tells of a part of the log: every change that was asked for and that the reader may see. */
import type { StoredNoun } from '../catalog/catalog.ts';
import type { FeedEvent, GroupWork, Lane } from '../feed/group-work.ts';
import type { Change } from '../feed/tail.ts';
import { matchNow } from '../query/matches.ts';
import { Context, type Hub } from './context.ts';
import { answerFor, type Execution, type FeedReader } from './feed-execution.ts';
import type { ChangesFilter } from './feed-request.ts';

type ChangesLane = Lane<ChangesFilter, FeedReader>;

export function changeWork(
  hub: Hub,
  execution: Execution,
  reader: () => FeedReader,
): GroupWork<ChangesFilter, FeedReader> {
  return {
    eventsOf: async (changes, lanes) => {
      const asked = changes.map(change => ({ change, lanes: lanes.filter(({ filter }) => isWanted(filter, change)) }));
      const wanted = asked.filter(one => one.lanes.length);
      const visible = await visibleAmong(
        new Context(hub, reader().principal),
        wanted.map(one => one.change),
      );
      return wanted
        .filter(one => visible.has(one.change))
        .map(
          (one): FeedEvent<ChangesFilter, FeedReader> => ({
            position: one.change.position,
            partial: false,
            lanes: one.lanes,
            root: one.change,
          }),
        );
    },
    answer: ({ root }) => answerFor(execution, reader().principal, root),
    snapshot: null,
    lagged: null,
  };
}

const isWanted = ({ agencies, kinds, caseNo }: ChangesLane['filter'], change: Change): boolean =>
  (!agencies || agencies.includes(change.agency)) &&
  (!kinds || kinds.includes(change.kind)) &&
  (!caseNo || caseNo === change.caseNo);

/** By the readers' policy as of now. Where it names rows, a change without its row is told only to its own agency. */
async function visibleAmong(context: Context, changes: readonly Change[]): Promise<ReadonlySet<Change>> {
  const visible = new Set<Change>();
  for (const [kind, some] of Map.groupBy(changes, change => change.kind)) {
    const noun = context.hub.catalog.stored(kind);
    for (const change of await visibleOf(context, noun, some)) visible.add(change);
  }
  return visible;
}

async function visibleOf({ hub, policy }: Context, noun: StoredNoun, changes: readonly Change[]): Promise<Change[]> {
  const rows = policy.rows(noun);
  if (rows === 'all') return [...changes];
  if (rows === 'none') return [];
  if ('is' in rows && rows.column === 'agency') return changes.filter(({ agency }) => agency === rows.is);
  const { read, catalog } = hub;
  const ids = new Set(changes.filter(change => !change.deleted).map(change => change.recordId));
  if (!ids.size) return [];
  const matches = await matchNow({ read, catalog, policy, noun, wheres: [] }, [...ids]);
  const isVisible = (id: string) => Boolean(matches.get(id)?.visible && !matches.get(id)?.deleted);
  return changes.filter(({ deleted, recordId }) => !deleted && isVisible(recordId));
}
