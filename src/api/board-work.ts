/** What a board tells: a snapshot, and of every part of the log which rows came, changed or left, for each filter. */
import type { StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import type { FeedEvent, GroupWork, Lane, Snapshot } from '../feed/group-work.ts';
import { cursorMark } from '../feed/payload.ts';
import type { Change } from '../feed/tail.ts';
import { lastPosition } from '../feed/tail.ts';
import {
  dependsOnOthers,
  type Looking,
  linkedTo,
  listMatching,
  type Match,
  matchedSince,
  matchNow,
} from '../query/matches.ts';
import { largestPageSize } from '../query/paging.ts';
import { Context, type Hub, type Moment } from './context.ts';
import { answerFor, type Execution, type FeedReader } from './feed-execution.ts';
import type { BoardFilter } from './feed-request.ts';
import { boardEvent, removedId } from './feed-resolvers.ts';
import type { RemoveReason } from './feed-types.ts';
import type { TakeTurns } from './take-turns.ts';

type BoardLane = Lane<BoardFilter, FeedReader>;
type BoardFeedEvent = FeedEvent<BoardFilter, FeedReader>;

export interface BoardParts {
  readonly hub: Hub;
  readonly noun: StoredNoun;
  readonly execution: Execution;
  readonly reader: () => FeedReader;
  /** Fields of parts of the row were selected, so the row is told again when they change. */
  readonly isDeep: boolean;
  /** Rows that a board may have. */
  readonly mostRows: number;
  /** Snapshots that are taken at a time hold a connection each. */
  readonly turns: TakeTurns;
}

/** A page that has waited longer for its reader is read again, so that nobody sees what he may not see any more. */
const freshMs = 1_000;

export function boardWork(parts: BoardParts): GroupWork<BoardFilter, FeedReader> {
  const { execution, reader } = parts;
  const snapshots = new Map<BoardLane, Promise<Snapshot<FeedReader>>>();
  const answer = (root: object, moment: Moment | null = null) => answerFor(execution, reader().principal, root, moment);
  return {
    eventsOf: (changes, lanes) => boardEvents(parts, changes, lanes),
    answer: ({ root }) => answer(root),
    // Screens that come together share one.
    snapshot: lane => {
      const known = snapshots.get(lane);
      if (known) return known;
      const taken = parts.turns.take(() => takeSnapshot(parts, lane.filter, answer));
      const forget = () => void setTimeout(() => snapshots.delete(lane), freshMs / 2).unref();
      taken.then(forget, () => snapshots.delete(lane));
      snapshots.set(lane, taken);
      return taken;
    },
    lagged: (from, to) => answer(boardEvent('LAGGED', { cursor: cursorMark, position: from, lag: { from, to } })),
  };
}

type AnswerRoot = (root: object, moment?: Moment | null) => ReturnType<typeof answerFor>;

/** Everything as of one moment, over all agencies; small enough to be read at once, or refused. */
function takeSnapshot(
  { hub, noun, reader, mostRows }: BoardParts,
  { where, orderBy }: BoardFilter,
  answer: AnswerRoot,
): Promise<Snapshot<FeedReader>> {
  return hub.atOneMoment(async moment => {
    const { read } = moment;
    const { policy } = new Context(hub, reader().principal);
    // What is committed but not numbered yet is in the rows, and comes again as a change.
    const position = await lastPosition(read);
    const looking: Looking = { read, catalog: hub.catalog, policy, noun, wheres: [where] };
    const ids = await listMatching(looking, orderBy, mostRows + 1);
    if (ids.length > mostRows) {
      const message = `More than ${mostRows} rows fit: narrow \`where\`, or ask the list page by page`;
      throw new HubError('LIMIT_EXCEEDED', message, { most: mostRows, what: 'rows' });
    }
    const pages: Snapshot<FeedReader>['pages'][number][] = [];
    for (let page = 0; page === 0 || page * largestPageSize < ids.length; page++) {
      const root = boardEvent('SNAPSHOT', {
        page,
        ids: ids.slice(page * largestPageSize, (page + 1) * largestPageSize),
      });
      pages.push(freshly(await answer(root, moment), () => answer(root)));
    }
    const ready = await answer(boardEvent('READY', { cursor: cursorMark, position }));
    return { position, pages, ready };
  });
}

/** What was made just now, and later what is made anew. */
function freshly<T>(made: T, again: () => Promise<T>): () => Promise<T> {
  let fresh: T | null = made;
  setTimeout(() => {
    fresh = null;
  }, freshMs).unref();
  return async () => fresh ?? again();
}

async function boardEvents(
  parts: BoardParts,
  changes: readonly Change[],
  lanes: readonly BoardLane[],
): Promise<BoardFeedEvent[]> {
  const { hub, noun, reader } = parts;
  const { policy } = new Context(hub, reader().principal);
  const { read, catalog } = hub;
  const looking: Looking = { read, catalog, policy, noun, wheres: lanes.map(lane => lane.filter.where) };
  const touched = await touchedRows(parts, looking, changes);
  const ids = [...touched.keys()];
  if (!ids.length) return [];
  const now = await matchNow(looking, ids);
  const fits = (id: string, lane: number) => Boolean(isThere(now.get(id)) && now.get(id)!.fits[lane]);
  const missing = ids.filter(id => lanes.some((_, lane) => !fits(id, lane)));
  const before = missing.length ? await matchedSince(looking, missing, changes[0]!.position - 1) : new Map();
  const reassigned = new Set(changes.filter(change => change.reassigned).map(change => change.caseId));
  const events: Omit<BoardFeedEvent, 'partial'>[] = [];
  for (const [id, { position, caseId }] of touched) {
    const cursor = { cursor: cursorMark, position };
    const [staying, leaving] = [
      lanes.filter((_, i) => fits(id, i)),
      lanes.filter((_, i) => !fits(id, i) && before.get(id)?.[i]),
    ];
    if (staying.length) events.push({ position, lanes: staying, root: boardEvent('UPSERT', { ...cursor, ids: [id] }) });
    if (!leaving.length) continue;
    const reason = reasonFor(now.get(id), reassigned.has(caseId));
    const root = boardEvent('REMOVE', { ...cursor, removed: removedId(noun, id), reason });
    events.push({ position, lanes: leaving, root });
  }
  events.sort((a, b) => a.position - b.position);
  return events.map((event, i) => ({ ...event, partial: isPartial(event, events, i) }));
}

/** Whether something else follows of the same position, for one of the same filters. */
function isPartial(
  { position, lanes }: Pick<BoardFeedEvent, 'position' | 'lanes'>,
  events: readonly Omit<BoardFeedEvent, 'partial'>[],
  index: number,
) {
  for (let i = index + 1; events[i]?.position === position; i++) {
    if (events[i]!.lanes.some(lane => lanes.includes(lane))) return true;
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
  /** Of the last change that touched it. */
  readonly position: number;
  readonly caseId: string | null;
}

/** Rows of the board that may look different now, in the order of the last changes that touched them. */
async function touchedRows(
  { noun, isDeep }: BoardParts,
  looking: Looking,
  changes: readonly Change[],
): Promise<ReadonlyMap<string, TouchedRow>> {
  const touched = new Map<string, TouchedRow>();
  const touch = (id: string, position: number, caseId: string | null) => {
    if (position >= (touched.get(id)?.position ?? 0)) touched.set(id, { position, caseId });
  };
  const hangsOnOthers = dependsOnOthers(looking);
  const [isBoardOfCases, caseLink] = [noun.name === 'Case', noun.links.find(({ target }) => target.name === 'Case')];
  for (const { kind, recordId, position, caseId, wasCaseId } of changes) {
    if (kind === noun.name) touch(recordId, position, caseId);
    else if (isBoardOfCases && (isDeep || hangsOnOthers)) {
      for (const id of [caseId, wasCaseId]) if (id) touch(id, position, id);
    }
  }
  const cases = new Map(changes.filter(({ kind }) => kind === 'Case').map(c => [c.recordId, c.position]));
  if (caseLink && cases.size && (isDeep || hangsOnOthers)) {
    for (const [id, caseId] of await linkedTo(looking.read, noun, caseLink.column, [...cases.keys()]))
      touch(id, cases.get(caseId)!, caseId);
  }
  return touched;
}
