/**
 * Events of a board: a snapshot, and for every part of the log the rows that came, changed or left, for each filter.
 */
import type { StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { FeedEvent, FilterGroup, GroupHandler, Snapshot } from '../../feed/group-handler.ts';
import { cursorMark } from '../../feed/payload.ts';
import type { Change } from '../../feed/tail.ts';
import { lastPosition } from '../../feed/tail.ts';
import {
  dependsOnOthers,
  linkedTo,
  listMatching,
  type Match,
  type MatchQuery,
  matchedSince,
  matchNow,
  relationTests,
} from '../../query/matches.ts';
import { maxPageSize } from '../../query/paging.ts';
import type { MomentReads } from '../../query/stream-reads.ts';
import { Context, type Hub } from '../request/context.ts';
import type { BoardFilter } from '../request/subscription-request.ts';
import { boardEvent, removedId } from '../schema/subscription-resolvers.ts';
import type { RemoveReason } from '../schema/subscription-types.ts';
import { answerFor, type EventExecution, type Subscriber } from './event-execution.ts';
import { type FilterReads, inTime } from './filter-reads.ts';

type BoardFilterGroup = FilterGroup<BoardFilter, Subscriber>;
type BoardFeedEvent = FeedEvent<BoardFilter, Subscriber>;

export interface BoardParts {
  readonly hub: Hub;
  readonly noun: StoredNoun;
  readonly execution: EventExecution;
  readonly reader: () => Subscriber;
  /** Whether fields of parts of the row were selected, so the row is sent again when those parts change. */
  readonly isDeep: boolean;
  /** The most rows that a board may have. */
  readonly maxRows: number;
  readonly filterReads: FilterReads;
}

/**
 * A page that has waited longer than this for its reader is read again, so that nobody sees what they may no longer
 * see.
 */
const freshMs = 1_000;

export function boardHandler(parts: BoardParts): GroupHandler<BoardFilter, Subscriber> {
  const { execution, reader, noun, filterReads } = parts;
  const snapshots = new Map<BoardFilterGroup, Promise<Snapshot<Subscriber>>>();
  const answer = (root: object, moment: MomentReads | null = null) =>
    answerFor(execution, reader().principal, root, moment);
  return {
    eventsOf: (changes, filterGroups, signal) => {
      const read = parts.hub.streams.reads(filterReads.shareOf(filterGroups, signal));
      return inTime(boardEvents(parts, read, changes, filterGroups));
    },
    relationTests: ({ where }) => relationTests(noun, where),
    charge: (...tested) => filterReads.charge(...tested),
    answer: ({ root }) => answer(root),
    // Screens that join at about the same time share one snapshot.
    snapshot: filterGroup => {
      const known = snapshots.get(filterGroup);
      if (known) return known;
      const taken = inTime(takeSnapshot(parts, filterGroup, answer));
      const forget = () => void setTimeout(() => snapshots.delete(filterGroup), freshMs / 2).unref();
      taken.then(forget, () => snapshots.delete(filterGroup));
      snapshots.set(filterGroup, taken);
      return taken;
    },
    lagged: (from, to) => answer(boardEvent('LAGGED', { cursor: cursorMark, position: from, lag: { from, to } })),
  };
}

type AnswerRoot = (root: object, moment?: MomentReads | null) => ReturnType<typeof answerFor>;

/** Reads all rows as of one moment, over all agencies; a board with too many rows is refused. */
function takeSnapshot(
  { hub, noun, reader, maxRows, filterReads }: BoardParts,
  filterGroup: BoardFilterGroup,
  answer: AnswerRoot,
): Promise<Snapshot<Subscriber>> {
  const { where, orderBy } = filterGroup.filter;
  return hub.streams.atOneMoment(filterReads.snapshotShare(filterGroup), async moment => {
    const { read } = moment;
    const { policy } = new Context(hub, reader().principal);
    // Changes that are committed but not numbered yet are already in the rows, and are sent again as changes later.
    const position = await lastPosition(read);
    const looking: MatchQuery = { read, catalog: hub.catalog, policy, noun, wheres: [where] };
    const ids = await listMatching(looking, orderBy, maxRows + 1);
    if (ids.length > maxRows) {
      const message = `More than ${maxRows} rows fit: narrow \`where\`, or ask the list page by page`;
      throw new HubError('LIMIT_EXCEEDED', message, { most: maxRows, what: 'rows' });
    }
    const pages: Snapshot<Subscriber>['pages'][number][] = [];
    for (let page = 0; page === 0 || page * maxPageSize < ids.length; page++) {
      const root = boardEvent('SNAPSHOT', {
        page,
        ids: ids.slice(page * maxPageSize, (page + 1) * maxPageSize),
      });
      pages.push(freshly(await answer(root, moment), () => answer(root)));
    }
    const ready = await answer(boardEvent('READY', { cursor: cursorMark, position }));
    return { position, pages, ready };
  });
}

/** Returns the given value while it is fresh, and afterwards makes a new one each time. */
function freshly<T>(made: T, again: () => Promise<T>): () => Promise<T> {
  let fresh: T | null = made;
  setTimeout(() => {
    fresh = null;
  }, freshMs).unref();
  return async () => fresh ?? again();
}

async function boardEvents(
  parts: BoardParts,
  read: MatchQuery['read'],
  changes: readonly Change[],
  filterGroups: readonly BoardFilterGroup[],
): Promise<BoardFeedEvent[]> {
  const { hub, noun, reader } = parts;
  const { policy } = new Context(hub, reader().principal);
  const { catalog } = hub;
  const looking: MatchQuery = {
    read,
    catalog,
    policy,
    noun,
    wheres: filterGroups.map(filterGroup => filterGroup.filter.where),
  };
  const touched = await touchedRows(parts, looking, changes);
  const ids = [...touched.keys()];
  if (!ids.length) return [];
  const now = await matchNow(looking, ids);
  const fits = (id: string, index: number) => Boolean(isThere(now.get(id)) && now.get(id)!.fits[index]);
  const missing = ids.filter(id => filterGroups.some((_, index) => !fits(id, index)));
  const before = missing.length ? await matchedSince(looking, missing, changes[0]!.position - 1) : new Map();
  const reassigned = new Set(changes.filter(change => change.reassigned).map(change => change.caseId));
  const events: Omit<BoardFeedEvent, 'partial'>[] = [];
  for (const [id, { position, caseId }] of touched) {
    const cursor = { cursor: cursorMark, position };
    const [staying, leaving] = [
      filterGroups.filter((_, i) => fits(id, i)),
      filterGroups.filter((_, i) => !fits(id, i) && before.get(id)?.[i]),
    ];
    if (staying.length)
      events.push({ position, filterGroups: staying, root: boardEvent('UPSERT', { ...cursor, ids: [id] }) });
    if (!leaving.length) continue;
    const reason = reasonFor(now.get(id), reassigned.has(caseId));
    const root = boardEvent('REMOVE', { ...cursor, removed: removedId(noun, id), reason });
    events.push({ position, filterGroups: leaving, root });
  }
  events.sort((a, b) => a.position - b.position);
  return events.map((event, i) => ({ ...event, partial: isPartial(event, events, i) }));
}

/** Whether another event with the same position follows for one of the same filters. */
function isPartial(
  { position, filterGroups }: Pick<BoardFeedEvent, 'position' | 'filterGroups'>,
  events: readonly Omit<BoardFeedEvent, 'partial'>[],
  index: number,
) {
  for (let i = index + 1; events[i]?.position === position; i++) {
    if (events[i]!.filterGroups.some(filterGroup => filterGroups.includes(filterGroup))) return true;
  }
  return false;
}

const isThere = (match: Match | undefined): boolean => match?.deleted === false && match.visible;

function reasonFor(match: Match | undefined, reassigned: boolean): RemoveReason {
  if (!match || match.deleted) return 'DELETED';
  if (reassigned) return 'REASSIGNED';
  return match.visible ? 'MOVED' : 'NO_LONGER_AUTHORISED';
}

interface TouchedRow {
  /** Position of the last change that touched the row. */
  readonly position: number;
  readonly caseId: string | null;
}

/** Rows of the board that may look different now, in the order of the last changes that touched them. */
async function touchedRows(
  { noun, isDeep }: BoardParts,
  looking: MatchQuery,
  changes: readonly Change[],
): Promise<ReadonlyMap<string, TouchedRow>> {
  const touched = new Map<string, TouchedRow>();
  const touch = (id: string, position: number, caseId: string | null) => {
    if (position >= (touched.get(id)?.position ?? 0)) touched.set(id, { position, caseId });
  };
  const dependsOnOtherRows = dependsOnOthers(looking);
  const [isBoardOfCases, caseLink] = [noun.name === 'Case', noun.links.find(({ target }) => target.name === 'Case')];
  for (const { kind, recordId, position, caseId, wasCaseId } of changes) {
    if (kind === noun.name) touch(recordId, position, caseId);
    else if (isBoardOfCases && (isDeep || dependsOnOtherRows)) {
      for (const id of [caseId, wasCaseId]) if (id) touch(id, position, id);
    }
  }
  const cases = new Map(changes.filter(({ kind }) => kind === 'Case').map(c => [c.recordId, c.position]));
  if (caseLink && cases.size && (isDeep || dependsOnOtherRows)) {
    for (const [id, caseId] of await linkedTo(looking.read, noun, caseLink.column, [...cases.keys()]))
      touch(id, cases.get(caseId)!, caseId);
  }
  return touched;
}
