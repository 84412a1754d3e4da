/** The source stream of `subscription changes`: the feed, narrowed to what was asked for and what the reader may see. */
import { HubError } from '../domain/error-codes.ts';
import type { Change } from '../feed/tail.ts';
import { readRow } from '../query/row-access.ts';
import { Context } from './context.ts';

export interface ChangesArgs {
  readonly agencies?: readonly string[] | null;
  readonly kinds?: readonly string[] | null;
  readonly caseNo?: string | null;
  readonly after?: string | null;
}

export const positionCursor = (position: number): string => Buffer.from(`change:${position}`).toString('base64url');
export function positionOf(cursor: string): number {
  const position = /^change:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (!position || positionCursor(Number(position)) !== cursor) {
    throw new HubError(
      'CURSOR_MALFORMED',
      'The cursor was not made by this hub: use the cursor of the last change you processed',
    );
  }
  return Number(position);
}

/** Returns an iterator whose `return` ends the wait at once: a client that leaves leaves nothing behind. */
export function followChanges(context: Context, args: ChangesArgs): AsyncIterableIterator<Change> {
  const { hub, principal } = context;
  if (!context.policy.may('changes')) throw new HubError('FORBIDDEN', 'Your role may not follow changes');
  for (const kind of args.kinds ?? []) {
    // The word is not repeated: it may be anything, also somebody's name.
    if (!hub.catalog.nouns.has(kind)) {
      throw new HubError(
        'BAD_USER_INPUT',
        '`kinds` names something that is no type of this graph: Case, Approval, ...',
      );
    }
  }
  const after = args.after ? positionOf(args.after) : hub.tail.position;
  const leaving = new AbortController();
  const wanted = (change: Change) =>
    (!args.agencies || args.agencies.includes(change.agency)) &&
    (!args.kinds || args.kinds.includes(change.kind)) &&
    (!args.caseNo || args.caseNo === change.caseNo);

  async function* visible(): AsyncGenerator<Change> {
    for await (const change of hub.tail.follow(after, wanted, leaving.signal)) {
      const visible = await maySee(new Context(hub, principal), change);
      // The socket is being closed: nothing more is for it.
      if (hub.ended.refuses(principal)) return;
      if (visible) yield change;
    }
  }
  const changes = visible();
  return {
    next: () => changes.next(),
    return: async () => {
      leaving.abort();
      await changes.return(undefined);
      return { done: true, value: undefined };
    },
    throw: (error: unknown) => {
      leaving.abort();
      return changes.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
    },
  } as AsyncIterableIterator<Change>;
}

/** By the reader's policy as of now. Where it names rows, a change without its row is told only to its own agency. */
async function maySee(context: Context, change: Change): Promise<boolean> {
  const noun = context.hub.catalog.stored(change.kind);
  const rows = context.policy.rows(noun);
  if (rows === 'all' || rows === 'none') return rows === 'all';
  if ('is' in rows && rows.column === 'agency') return rows.is === change.agency;
  return !change.deleted && (await readRow(context.hub, context.policy, noun, change.recordId)) !== null;
}
