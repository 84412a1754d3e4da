/**
 * The registry of open subscriptions: readers whose document, variables and policy are the same share a group. It also
 * reviews a reader's rights while their stream is open.
 */
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Principal } from '../../access/principal.ts';
import type { Operation } from '../../audit/trail.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { CursorOwner } from '../../feed/cursors.ts';
import { Member, type Sink } from '../../feed/member.ts';
import { type GroupLimits, SubscriptionGroup } from '../../feed/subscription-group.ts';
import { lastPosition } from '../../feed/tail.ts';
import type { AdmissionControl } from '../admission/admission-control.ts';
import { outputVariables, selectsParts } from '../admission/document-cache.ts';
import { Context, type Hub } from '../request/context.ts';
import type { Readers } from '../request/readers.ts';
import type {
  BoardFilter,
  ChangesFilter,
  SubscribedField,
  SubscriptionRequest,
} from '../request/subscription-request.ts';
import { boardHandler } from './board-handler.ts';
import { changeHandler } from './change-handler.ts';
import type { EventExecution, Subscriber } from './event-execution.ts';
import { FilterReads } from './filter-reads.ts';

export interface SubscriptionLimits extends GroupLimits {
  readonly boardRows: number;
}
export interface SubscriptionParts {
  readonly schema: GraphQLSchema;
  readonly hub: Hub;
  readonly readers: Readers;
  readonly admissionControl: AdmissionControl;
  readonly limits: SubscriptionLimits;
  readonly toClient: (result: ExecutionResult) => ExecutionResult;
  readonly onError: (error: unknown) => void;
}
/** A subscription as it came in. */
export interface SubscriptionOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operation: Operation;
}

type AnyGroup = SubscriptionGroup<unknown, Subscriber>;
interface Known {
  readonly group: AnyGroup;
  readonly rights: string;
}
/** Sharing grants begin and end without an entry in the log, so rights are reviewed this often. */
const rightsEveryMs = 1_000;

export class Subscriptions {
  private readonly groups = new Map<string, Known>();
  private readonly streams = new Set<Stream>();
  private readonly timer: NodeJS.Timeout;

  constructor(readonly parts: SubscriptionParts) {
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

  /** Throws if the cursor cannot be used. Nothing is delivered before `Stream.start`. */
  async open(
    request: SubscriptionRequest,
    operation: SubscriptionOperation,
    reader: Subscriber,
    sink: Sink,
  ): Promise<Stream> {
    const stream = new Stream(this, request.asked, operation, reader);
    stream.member = new Member(sink, stream.owner, reader, await this.positionOf(request, stream.owner));
    return stream;
  }

  private async positionOf({ asked, after }: SubscriptionRequest, owner: CursorOwner): Promise<number | null> {
    const { tail, cursors, read } = this.parts.hub;
    if (after) {
      const position = cursors.read(after, owner);
      // Another process may have read further than this one, but none further than the database.
      if (position > tail.position && position > (await lastPosition(read))) {
        throw new HubError(
          'CURSOR_FOREIGN',
          'The cursor is from the change log of another installation: begin anew, without `after`',
        );
      }
      const oldestPosition = await tail.oldest();
      if (position + 1 >= oldestPosition) return position;
      const message = 'The changes after the cursor have been deleted: begin anew, without `after`';
      throw new HubError('CURSOR_EXPIRED', message, { oldestPosition });
    }
    if (asked.stream === 'board') return null;
    return asked.oldest ? (await tail.oldest()) - 1 : tail.position;
  }

  /** Identity of the reader's policy, which changes when one of their grants begins or ends. */
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
    // The whole group shares one string.
    stream.rights = known.rights;
    stream.hadGrants = this.hasGrants(stream.member.reader.principal);
    known.group.join(stream.member, JSON.stringify(asked.filter), asked.filter);
    return known.group;
  }

  left(stream: Stream): void {
    this.streams.delete(stream);
  }

  private makeGroup(key: string, stream: Stream): AnyGroup {
    const { schema, hub, limits, toClient, onError, admissionControl } = this.parts;
    const filterReads = new FilterReads(admissionControl);
    const { asked, operation } = stream;
    const { document, operationName, variables } = operation;
    const execution: EventExecution = {
      schema,
      hub,
      document,
      operationName,
      variables,
      operation: operation.operation,
      toClient,
    };
    const first = stream.member.reader;
    const reader = (): Subscriber => group.reader ?? first;
    const onEmpty = () => {
      if (this.groups.get(key)?.group === group) this.groups.delete(key);
    };
    const common = { tail: hub.tail, cursors: hub.cursors, limits, onError, onEmpty };
    const group: AnyGroup =
      asked.stream === 'changes'
        ? (new SubscriptionGroup<ChangesFilter, Subscriber>({
            ...common,
            handler: changeHandler(hub, execution, reader, filterReads),
          }) as AnyGroup)
        : (new SubscriptionGroup<BoardFilter, Subscriber>({
            ...common,
            handler: boardHandler({
              hub,
              noun: asked.noun,
              execution,
              reader,
              isDeep: selectsParts(schema, document, asked.noun.name),
              maxRows: limits.boardRows,
              filterReads,
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

  /** Checks the purposes of all readers together: a purpose that has ended ends their streams. */
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
    'Your purpose has begun or ceased to hold: state one that holds, and begin anew, without `after`',
  );

/** One open subscription: a member of a group, and of another group when its reader's rights change. */
export class Stream {
  member!: Member<Subscriber>;
  rights = '';
  hadGrants = false;
  owner: CursorOwner;
  /** Values of the variables that affect the content of events. */
  readonly output: readonly unknown[];
  readonly text: string;
  private group: AnyGroup | null = null;

  constructor(
    private readonly subscriptions: Subscriptions,
    readonly asked: SubscribedField,
    readonly operation: SubscriptionOperation,
    reader: Subscriber,
  ) {
    const { document, variables } = operation;
    this.text = operation.operation.sha256;
    this.output = outputVariables(document).map(name => variables[name] ?? null);
    this.owner = this.ownerFor(reader);
  }

  private ownerFor({ principal }: Subscriber): CursorOwner {
    const { subscriptions, asked, operation, output, text } = this;
    const { role, subject } = principal;
    const words = [role, subject ?? '', text, operation.operationName ?? '', JSON.stringify([output, asked.filter])];
    // What a board shows depends on the reader's rights, so with other rights it is another board.
    if (asked.stream === 'board') words.push(subscriptions.rightsOf(principal));
    return subscriptions.parts.hub.cursors.owner(...words);
  }

  start(): void {
    this.group = this.subscriptions.join(this);
  }

  /** Removes the reader without sending anything. */
  leave(): void {
    this.group?.leave(this.member);
    this.subscriptions.left(this);
  }

  /** Ends the operation with an error that carries its last cursor. */
  end(error: HubError): void {
    this.subscriptions.left(this);
    this.group?.end(this.member, error);
  }

  /** Continues with a new token of the same reader. */
  renew(reader: Subscriber): void {
    this.member.reader = reader;
    this.owner = this.ownerFor(reader);
    this.member.owner = this.owner;
    if (this.subscriptions.rightsOf(reader.principal) !== this.rights) this.review();
  }

  /**
   * Called when the reader's rights have changed: a board ends, because it would no longer be correct; `changes`
   * continues under the new rights.
   */
  review(): void {
    if (this.asked.stream === 'board') {
      this.end(new HubError('RIGHTS_CHANGED', 'What you may see has changed: begin anew, without `after`'));
    } else {
      this.group?.leave(this.member);
      this.group = this.subscriptions.join(this);
    }
  }

  /** Sent with pings: where the stream stands, and how many messages it has sent. */
  get proof(): { sequence: number; position: number; cursor: string } | null {
    const { position, sequence } = this.member;
    if (position === null) return null;
    return { sequence, position, cursor: this.subscriptions.parts.hub.cursors.sign(position, this.owner) };
  }
}
