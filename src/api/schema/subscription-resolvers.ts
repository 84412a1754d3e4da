/** The subscription fields: boards that show a state and follow it, and the changes themselves. */
import type { GraphQLResolveInfo } from 'graphql';
import {
  Arg,
  type ClassType,
  Ctx,
  Field,
  FieldResolver,
  Info,
  InputType,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import type { Catalog, StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import { cursorMark } from '../../feed/payload.ts';
import type { Change } from '../../feed/tail.ts';
import { demandSeen, type Where } from '../../query/filters.ts';
import { demandFilter } from '../../query/matches.ts';
import { readNodes } from '../queries/answer-query.ts';
import { argumentValues } from '../queries/argument-values.ts';
import type { Context } from '../request/context.ts';
import { SubscriptionRequest } from '../request/subscription-request.ts';
import { Node } from './base-types.ts';
import type { DerivedTypes } from './derive-types.ts';
import { DateTime } from './scalars.ts';
import { type BoardEvent, boardEventType, ChangeEvent } from './subscription-types.ts';

interface ChangesArgs {
  /** By the plural of a noun. */
  readonly where?: Readonly<Record<string, Where | null>> | null;
  readonly agencies?: readonly string[] | null;
  readonly kinds?: readonly string[] | null;
  readonly caseNo?: string | null;
  readonly after?: string | null;
  readonly oldest?: boolean | null;
}
interface BoardArgs {
  readonly where?: Where | null;
  readonly orderBy?: readonly string[] | null;
  readonly after?: string | null;
}
type Subscribed = { readonly context: unknown; readonly info: GraphQLResolveInfo };

/** The arguments of the subscription field, read as those of queries are. */
function argumentsOf<A>({ parentType, fieldName, fieldNodes, variableValues }: GraphQLResolveInfo): A {
  return argumentValues(parentType.getFields()[fieldName]!, fieldNodes[0]!, variableValues) as A;
}

/** Boards by the field that serves them. */
const boards = {
  caseBoard: {
    noun: 'Case',
    event: 'CaseBoardEvent',
    en: 'The cases that fit, now and as they change',
    zh: '办件看板',
  },
  approvalUpdates: {
    noun: 'Approval',
    event: 'ApprovalUpdatesEvent',
    en: 'The steps of cases that fit, now and as they change',
    zh: '审批动态',
  },
} as const;

/** The noun of a board, by the field that serves it; null for other fields. */
export const boardNoun = (field: string): string | null =>
  Object.hasOwn(boards, field) ? boards[field as keyof typeof boards].noun : null;

export function subscriptionResolvers(types: DerivedTypes, catalog: Catalog): ClassType[] {
  const where = changesWhere(types, catalog);
  @Resolver()
  class Changes {
    @Subscription(() => ChangeEvent, {
      description:
        'Changes of cases, approvals and every other kind, in order; without `after` or `oldest` from now on · 变更推送',
      subscribe: (({ context, info }: Subscribed) =>
        requestChanges(catalog, context as Context, argumentsOf<ChangesArgs>(info))) as never,
    })
    changes(
      @Arg('where', () => where, { nullable: true }) _where: object,
      @Arg('agencies', () => [String], { nullable: true, description: 'Codes of agencies; all without it' })
      _agencies: string[],
      @Arg('kinds', () => [String], { nullable: true, description: 'Types: Case, Approval, ...; all without it' })
      _kinds: string[],
      @Arg('caseNo', () => String, { nullable: true }) _caseNo: string,
      @Arg('after', () => String, { nullable: true, description: 'Cursor of the last change that was processed' })
      _after: string,
      @Arg('oldest', () => Boolean, { nullable: true, description: 'Begin with the oldest change that is kept' })
      _oldest: boolean,
      @Root() change: Change,
    ): ChangeEvent {
      return { ...change, cursor: cursorMark, node: null };
    }
  }

  @Resolver(() => ChangeEvent)
  class ChangedNode {
    @FieldResolver(() => DateTime, { nullable: true })
    at(@Root() change: Change, @Ctx() { policy }: Context): string | null {
      const noun = catalog.stored(change.kind);
      return policy.statementTime(noun, policy.whole(noun) === 'all') === 'whole' ? change.at : null;
    }

    @FieldResolver(() => Node, { nullable: true })
    async node(@Root() change: Change, @Ctx() context: Context, @Info() info: GraphQLResolveInfo): Promise<unknown> {
      if (change.deleted) return null;
      const [node] = await readNodes(context, catalog.stored(change.kind), [change.recordId], info);
      return node;
    }
  }
  return [
    Changes,
    ChangedNode,
    ...Object.entries(boards).flatMap(([field, board]) => boardOf(types, catalog, field, board)),
  ];
}

function boardOf(
  types: DerivedTypes,
  catalog: Catalog,
  field: string,
  board: (typeof boards)[keyof typeof boards],
): ClassType[] {
  const noun = catalog.stored(board.noun);
  const derived = types.of(board.noun);
  const event = boardEventType(board.event, `${board.en} · ${board.zh}`);

  /** The resolver returns its last argument, the event; the arguments before it are those of the request. */
  @Resolver()
  class Board {
    [field](...args: unknown[]): unknown {
      return args[3];
    }
  }
  const description =
    `${board.en}: SNAPSHOT pages and READY, then UPSERT and REMOVE in order; with \`after\` only what follows · ` +
    `${board.zh}`;
  Subscription(() => event, {
    description,
    subscribe: (({ context, info }: Subscribed) =>
      requestBoard(noun, context as Context, argumentsOf<BoardArgs>(info))) as never,
  })(Board.prototype, field, Object.getOwnPropertyDescriptor(Board.prototype, field)!);
  Arg('where', () => derived.where, { nullable: true })(Board.prototype, field, 0);
  Arg('orderBy', () => [derived.order as never], {
    nullable: true,
    description: 'Of the snapshot; what comes later is put in its place by the screen',
  })(Board.prototype, field, 1);
  Arg('after', () => String, { nullable: true, description: 'Cursor of the last event that was processed' })(
    Board.prototype,
    field,
    2,
  );
  Root()(Board.prototype, field, 3);

  @Resolver(() => event)
  class BoardNodes {
    @FieldResolver(() => [derived.object], { description: 'Of SNAPSHOT the page, of UPSERT the one; else empty' })
    async nodes(
      @Root() { ids }: BoardEvent,
      @Ctx() context: Context,
      @Info() info: GraphQLResolveInfo,
    ): Promise<unknown[]> {
      return (await readNodes(context, noun, ids, info)).filter(row => row !== null);
    }
  }
  return [Board, BoardNodes];
}

/** One input that holds the filters of all lists, each under its list's name. */
function changesWhere(types: DerivedTypes, catalog: Catalog): ClassType {
  class ChangesWhere {}
  for (const { name, kind } of catalog.all())
    Field(() => types.of(name).where, { nullable: true })(ChangesWhere.prototype, kind.plural);
  const description =
    'Changes of these kinds only, and of them those that fit: as they stand, or stood before the change · 变更筛选';
  InputType('ChangesWhere', { description })(ChangesWhere);
  return ChangesWhere;
}

function requestChanges(catalog: Catalog, { policy }: Context, args: ChangesArgs): SubscriptionRequest {
  demandFeed(policy);
  const { agencies = null, kinds = null, caseNo = null, after, oldest } = args;
  if (after && oldest) throw new HubError('BAD_USER_INPUT', 'Give either `after` or `oldest`, not both');
  // The message does not repeat the value, which may be anything, even somebody's name.
  if (kinds?.some(kind => !catalog.nouns.has(kind)))
    throw new HubError('BAD_USER_INPUT', '`kinds` names a type that this graph does not have: use Case, Approval, ...');
  const filter = { where: whereByKind(catalog, policy, args.where), agencies, kinds, caseNo };
  return new SubscriptionRequest({ stream: 'changes', filter, oldest: oldest === true }, after ?? null);
}

/** Checks each filter as the lists do, and throws the same errors. */
function whereByKind(catalog: Catalog, policy: Context['policy'], given: ChangesArgs['where']) {
  if (!given) return null;
  const byKind: Record<string, Where> = {};
  for (const noun of catalog.all()) {
    const where = given[noun.kind.plural];
    if (!where) continue;
    demandSeen(policy, noun);
    demandFilter({ catalog, policy }, noun, where, [], `where.${noun.kind.plural}`);
    byKind[noun.name] = where;
  }
  if (!Object.keys(byKind).length)
    throw new HubError(
      'BAD_USER_INPUT',
      '`where` names no kind: leave it out to follow all kinds; `cases: {}` stands for all changes of cases',
    );
  return byKind;
}

function requestBoard(noun: StoredNoun, { policy, hub }: Context, args: BoardArgs): SubscriptionRequest {
  demandFeed(policy);
  demandSeen(policy, noun);
  const { where = null, orderBy } = args;
  const filter = { where, orderBy: orderBy ?? [] };
  demandFilter({ catalog: hub.catalog, policy }, noun, where, filter.orderBy);
  return new SubscriptionRequest({ stream: 'board', noun, filter }, args.after ?? null);
}

function demandFeed(policy: Context['policy']): void {
  if (!policy.may('changes')) throw new HubError('FORBIDDEN', 'Your role may not follow changes');
}

const nothing = { cursor: null, position: null, page: null, ids: [], removed: null, reason: null, lag: null };

/** Makes an event of a board; fields that are not given stay empty. */
export const boardEvent = (type: BoardEvent['type'], given: Partial<BoardEvent> = {}): BoardEvent => ({
  ...nothing,
  type,
  ...given,
});

export const removedId = (noun: StoredNoun, id: string): string => `${noun.name}:${id}`;
