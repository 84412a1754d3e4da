/**
 * Where streams are opened: readers whose document, variables and policy are the same share a group. Also where a
 * reader's rights are looked at again while his stream is open.
 */
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Principal } from '../access/principal.ts';
import type { Operation } from '../audit/trail.ts';
import { HubError } from '../domain/error-codes.ts';
import type { CursorOwner } from '../feed/cursors.ts';
import { Group, type GroupLimits } from '../feed/group.ts';
import { Member, type Sink } from '../feed/member.ts';
import { lastPosition } from '../feed/tail.ts';
import { boardWork } from './board-work.ts';
import { changeWork } from './change-work.ts';
import { Context, type Hub } from './context.ts';
import type { Execution, FeedReader } from './feed-execution.ts';
import type { Asked, BoardFilter, ChangesFilter, FeedRequest } from './feed-request.ts';
import type { Readers } from './readers.ts';
import { outputVariables, selectsParts } from './subscribed-document.ts';
import { TakeTurns } from './take-turns.ts';

export interface FeedLimits extends GroupLimits {
  readonly boardRows: number;
}
export interface DeskParts {
  readonly schema: GraphQLSchema;
  readonly hub: Hub;
  readonly readers: Readers;
  readonly limits: FeedLimits;
  readonly tell: (result: ExecutionResult) => ExecutionResult;
  readonly onError: (error: unknown) => void;
}
/** A subscription as it came in. */
export interface FeedOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operation: Operation;
}

type AnyGroup = Group<unknown, FeedReader>;
interface Known {
  readonly group: AnyGroup;
  readonly rights: string;
}
/** Grants of sharing end or begin without a word in the log. */
const rightsEveryMs = 1_000;
const snapshotsAtOnce = 2;

export class FeedDesk {
  private readonly groups = new Map<string, Known>();
  private readonly streams = new Set<Stream>();
  private readonly turns = new TakeTurns(snapshotsAtOnce);
  private readonly timer: NodeJS.Timeout;

  constructor(readonly parts: DeskParts) {
    this.timer = setInterval(() => this.reviewRights(), rightsEveryMs).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** Groups with readers. */
  get groupCount(): number {
    return this.groups.size;
  }
  get streamCount(): number {
    return this.streams.size;
  }

  /** Throws what is wrong with the cursor. Nothing is delivered before `Stream.start`. */
  async open(request: FeedRequest, operation: FeedOperation, reader: FeedReader, sink: Sink): Promise<Stream> {
    const stream = new Stream(this, request.asked, operation, reader);
    stream.member = new Member(sink, stream.owner, reader, await this.positionOf(request, stream.owner));
    return stream;
  }

  private async positionOf({ asked, after }: FeedRequest, owner: CursorOwner): Promise<number | null> {
    const { tail, cursors, read } = this.parts.hub;
    if (after) {
      const position = cursors.read(after, owner);
      // Another process may have seen more than this one, but nobody more than the database.
      if (position > tail.position && position > (await lastPosition(read))) {
        throw new HubError(
          'CURSOR_FOREIGN',
          'The cursor is from another log than this one: begin anew, without `after`',
        );
      }
      const oldestPosition = await tail.oldest();
      if (position + 1 >= oldestPosition) return position;
      const message = 'The changes behind the cursor are not kept any more: begin anew, without `after`';
      throw new HubError('CURSOR_EXPIRED', message, { oldestPosition });
    }
    if (asked.stream === 'board') return null;
    return asked.oldest ? (await tail.oldest()) - 1 : tail.position;
  }

  /** What decides what a reader sees: another one when a grant of his begins or ends. */
  rightsOf(principal: Principal): string {
    return new Context(this.parts.hub, principal).policy.identity;
  }
  /** Whether the reader's rights can change without a new token. */
  hasGrants(principal: Principal): boolean {
    return principal.purpose?.kind === 'matter' || this.parts.hub.unmasking.of(principal).length > 0;
  }

  join(stream: Stream): AnyGroup {
    const { asked, operation, output } = stream;
    const rights = this.rightsOf(stream.member.reader.principal);
    const noun = asked.stream === 'board' ? asked.noun.name : null;
    const key = JSON.stringify([stream.text, operation.operationName, output, asked.stream, noun, rights]);
    const known = this.groups.get(key) ?? { group: this.makeGroup(key, stream), rights };
    this.groups.set(key, known);
    this.streams.add(stream);
    // One text for all of the group.
    stream.rights = known.rights;
    stream.hadGrants = this.hasGrants(stream.member.reader.principal);
    known.group.join(stream.member, JSON.stringify(asked.filter), asked.filter);
    return known.group;
  }

  left(stream: Stream): void {
    this.streams.delete(stream);
  }

  private makeGroup(key: string, stream: Stream): AnyGroup {
    const { schema, hub, limits, tell, onError } = this.parts;
    const { asked, operation } = stream;
    const { document, operationName, variables } = operation;
    const execution: Execution = {
      schema,
      hub,
      document,
      operationName,
      variables,
      operation: operation.operation,
      tell,
    };
    const first = stream.member.reader;
    const reader = (): FeedReader => group.reader ?? first;
    const onEmpty = () => {
      if (this.groups.get(key)?.group === group) this.groups.delete(key);
    };
    const common = { tail: hub.tail, cursors: hub.cursors, limits, onError, onEmpty };
    const group: AnyGroup =
      asked.stream === 'changes'
        ? (new Group<ChangesFilter, FeedReader>({ ...common, work: changeWork(hub, execution, reader) }) as AnyGroup)
        : (new Group<BoardFilter, FeedReader>({
            ...common,
            work: boardWork({
              hub,
              noun: asked.noun,
              execution,
              reader,
              isDeep: selectsParts(schema, document, asked.noun.name),
              mostRows: limits.boardRows,
              turns: this.turns,
            }),
          }) as AnyGroup);
    return group;
  }

  private reviewRights(): void {
    for (const stream of [...this.streams]) {
      const { principal } = stream.member.reader;
      if (!stream.hadGrants && !this.hasGrants(principal)) continue;
      if (this.rightsOf(principal) !== stream.rights) stream.review();
    }
    this.reviewPurposes().catch(this.parts.onError);
  }

  /** One look at the database for all readers: a purpose that has ended ends their streams. */
  private async reviewPurposes(): Promise<void> {
    if (this.isReviewing) return;
    this.isReviewing = true;
    try {
      const stating = [...this.streams].filter(({ member }) => member.reader.principal.statedPurpose);
      const byReader = [...Map.groupBy(stating, ({ member }) => member.reader.principal)];
      const reviews = byReader.map(async ([principal, streams]) => {
        if ((await this.parts.readers.again(principal)) === principal) return;
        for (const stream of streams) stream.end(purposeEnded());
      });
      await Promise.all(reviews);
    } finally {
      this.isReviewing = false;
    }
  }
  private isReviewing = false;
}

const purposeEnded = () =>
  new HubError(
    'RIGHTS_CHANGED',
    'Whether your purpose holds has changed: state one that does, and begin anew, without `after`',
  );

/** One open subscription: a member of a group, and of another one when its reader's rights change. */
export class Stream {
  member!: Member<FeedReader>;
  rights = '';
  hadGrants = false;
  owner: CursorOwner;
  /** Values of variables that change what stands in events. */
  readonly output: readonly unknown[];
  readonly text: string;
  private group: AnyGroup | null = null;

  constructor(
    private readonly desk: FeedDesk,
    readonly asked: Asked,
    readonly operation: FeedOperation,
    reader: FeedReader,
  ) {
    const { document, variables } = operation;
    this.text = operation.operation.sha256;
    this.output = outputVariables(document).map(name => variables[name] ?? null);
    this.owner = this.ownerFor(reader);
  }

  private ownerFor({ principal }: FeedReader): CursorOwner {
    const { desk, asked, operation, output, text } = this;
    const { role, subject } = principal;
    const words = [role, subject ?? '', text, operation.operationName ?? '', JSON.stringify([output, asked.filter])];
    // What a board shows depends on the reader's rights: with other ones it is another board.
    if (asked.stream === 'board') words.push(desk.rightsOf(principal));
    return desk.parts.hub.cursors.owner(...words);
  }

  start(): void {
    this.group = this.desk.join(this);
  }

  /** The reader goes; nothing is sent. */
  leave(): void {
    this.group?.leave(this.member);
    this.desk.left(this);
  }

  /** Ends the operation with its last cursor. */
  end(error: HubError): void {
    this.desk.left(this);
    this.group?.end(this.member, error);
  }

  /** The same reader with a new token. */
  renew(reader: FeedReader): void {
    this.member.reader = reader;
    this.owner = this.ownerFor(reader);
    this.member.owner = this.owner;
    if (this.desk.rightsOf(reader.principal) !== this.rights) this.review();
  }

  /** The reader's rights are other ones: a board would not be true any more, changes go on under the new rights. */
  review(): void {
    if (this.asked.stream === 'board') {
      this.end(new HubError('RIGHTS_CHANGED', 'What you may see has changed: begin anew, without `after`'));
    } else {
      this.group?.leave(this.member);
      this.group = this.desk.join(this);
    }
  }

  /** For pings: where the stream stands, and how many messages it has sent. */
  get proof(): { sequence: number; position: number; cursor: string } | null {
    const { position, sequence } = this.member;
    if (position === null) return null;
    return { sequence, position, cursor: this.desk.parts.hub.cursors.sign(position, this.owner) };
  }
}
