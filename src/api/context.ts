/** What one request, or one event of a subscription, carries: the reader, and loaders that live no longer than it. */
import DataLoader from 'dataloader';
import type { EndedSessions } from '../access/ended-sessions.ts';
import type { Policy } from '../access/policy.ts';
import { policyOf } from '../access/policy.ts';
import type { Principal } from '../access/principal.ts';
import type { SharingGrant } from '../access/sharing.ts';
import { type AuditDesk, Trail } from '../audit/trail.ts';
import type { Catalog, Noun, Relation, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import type { SessionEnding } from '../domain/session-ending.ts';
import type { Tail } from '../feed/tail.ts';
import type { Freshness } from '../ingest/health.ts';
import type { LiveRecord, Lookup } from '../ingest/lookup.ts';
import type { GroupPage, GroupQuestion } from '../query/groups/question.ts';
import { readGroups } from '../query/groups/read-groups.ts';
import { type ClaimRow, type ListArgs, Reader, type RecordPage } from '../query/reader.ts';
import {
  maskFields,
  maskSource,
  maskSpellings,
  type RecordRow,
  type SawPersons,
  type SpellingRow,
} from '../query/record-row.ts';
import type { ReadRows } from '../store/database.ts';
import type { Identity } from '../store/identity.ts';
import type { EndOrder } from '../store/session-endings.ts';
import type { ExportTicket, TicketOrder } from './export-resolvers.ts';

/** What all requests share. */
export interface Hub {
  readonly catalog: Catalog;
  readonly identity: Identity;
  readonly read: ReadRows;
  readonly lookup: Lookup;
  readonly freshness: () => Promise<ReadonlyMap<string, Freshness>>;
  readonly tail: Tail;
  /** Agency code of the hosting town. */
  readonly town: string;
  readonly audit: AuditDesk;
  /** Groups of persons below this size are withheld from readers who see persons masked. */
  readonly smallestGroup: number;
  /** Takes orders for exports. */
  readonly exports: { issue(reader: Principal, order: TicketOrder): ExportTicket };
  /** Sharing grants in force. */
  readonly grants: () => readonly SharingGrant[];
  readonly ended: EndedSessions;
  /** Ends a session here and in every other process of the hub. */
  readonly endSession: (order: Omit<EndOrder, 'lastsSeconds'>) => Promise<SessionEnding>;
}

export class Context {
  readonly policy: Policy;
  readonly reader: Reader;
  /** Whose personal data this request has shown. */
  readonly trail = new Trail();
  private readonly saw: SawPersons = subjects => this.trail.saw(subjects);
  private readonly loaders = new Map<string, DataLoader<string, unknown>>();

  constructor(
    readonly hub: Hub,
    readonly principal: Principal,
  ) {
    const idOf = (noun: string, key: string) => hub.identity.ofNoun(hub.catalog.get(noun), key);
    this.policy = policyOf(principal, { catalog: hub.catalog, idOf, town: hub.town, grants: hub.grants() });
    this.reader = new Reader(hub.catalog, this.policy, this.notedRead(hub.read), this.saw);
  }

  one(noun: StoredNoun, id: string, asOf: string | null = null): Promise<RecordRow | null> {
    const name = `one ${noun.name} ${asOf}`;
    return this.loader<RecordRow | null>(name, ids => this.reader.byIds(noun, ids, asOf)).load(id);
  }

  page(noun: StoredNoun, args: ListArgs, relation: Relation | null, parent: string): Promise<RecordPage> {
    if (!relation) return this.reader.pages(noun, args, null).then(([page]) => page!);
    const name = `page ${relation.from.name}.${relation.name} ${JSON.stringify(args)}`;
    return this.loader<RecordPage>(name, ids => this.reader.pages(noun, args, relation, ids)).load(parent);
  }

  count(noun: StoredNoun, args: ListArgs, relation: Relation | null, parent: string): Promise<number> {
    if (!relation) return this.reader.counts(noun, args, null).then(([count]) => count!);
    const name = `count ${relation.from.name}.${relation.name} ${JSON.stringify([args.where, args.asOf])}`;
    return this.loader<number>(name, ids => this.reader.counts(noun, args, relation, ids)).load(parent);
  }

  groups(
    noun: StoredNoun,
    { where, asOf }: ListArgs,
    relation: Relation | null,
    parent: string,
    question: GroupQuestion,
  ): Promise<GroupPage> {
    const { catalog, smallestGroup, read } = this.hub;
    const desk = { catalog, policy: this.policy, smallestGroup, read: this.notedRead(read) };
    const ask = (parents: readonly string[]) => readGroups(desk, noun, { where, asOf }, relation, parents, question);
    if (!relation) return ask(['']).then(([page]) => page!);
    // Keys know their links, and these the whole catalog: their names say as much.
    const keys = question.keys.map(({ path, ...key }) => ({ ...key, path: path.map(step => step.name) }));
    const name = `groups ${relation.from.name}.${relation.name} ${JSON.stringify([where, asOf, { ...question, keys }])}`;
    return this.loader<GroupPage>(name, ask).load(parent);
  }

  claims(noun: StoredNoun, id: string): Promise<ClaimRow[]> {
    return this.loader<ClaimRow[]>(`claims ${noun.name}`, ids => this.reader.claims(noun, ids)).load(id);
  }

  /** Asks the agency, in one batch for the whole request: the question waits until no read can bring further keys. */
  async live(noun: Noun, { $id: asked, $key: key, $whole: whole }: RecordRow): Promise<RecordRow[]> {
    if (!this.policy.sees(noun) || !this.policy.may('lookup')) {
      throw new HubError('FORBIDDEN', `${noun.kind.plural} are asked of the agency: your role may not ask`);
    }
    const ask = (keys: readonly string[]) => this.hub.lookup(noun.name, keys);
    const records = await this.loader<LiveRecord[]>(`live ${noun.name}`, ask, this.whenRead).load(key);
    return records.map(({ statement, values, spellings, agency }) => {
      const { sourceId, version } = statement;
      const links = Object.fromEntries(noun.links.map(link => [link.role, this.linkOf(link, values)]));
      return {
        // What is never stored has no links: it is about whom the agency was asked about.
        ...maskFields(noun, this.policy, values, { id: asked, links, whole }, this.saw),
        $noun: noun,
        $id: this.hub.identity.ofRecord(noun.name, agency, sourceId),
        $links: links,
        $key: key,
        $whole: whole,
        $asOf: null,
        $source: maskSource(noun, this.policy, { agency, sourceId, version }, whole),
        observedAt: new Date().toISOString(),
        asOf: statement.asOf ?? null,
        spellings: maskSpellings(noun, this.policy, spellings as SpellingRow[], whole),
      };
    });
  }
  private linkOf(link: StoredNoun['links'][number], values: Readonly<Record<string, unknown>>): string | null {
    const parts = link.from.map(field => values[field] ?? null);
    return parts.includes(null) ? null : this.hub.identity.ofNoun(link.target, parts.join('@'));
  }

  private allFreshness: Promise<ReadonlyMap<string, Freshness>> | null = null;
  freshness(): Promise<ReadonlyMap<string, Freshness>> {
    this.allFreshness ??= this.hub.freshness();
    return this.allFreshness;
  }

  private notedRead =
    (read: ReadRows): ReadRows =>
    (text, values) =>
      this.noted(read(text, values));

  private reading = 0;
  private readonly unasked: (() => void)[] = [];
  private async noted<T>(read: Promise<T>): Promise<T> {
    this.reading += 1;
    try {
      return await read;
    } finally {
      this.reading -= 1;
      this.askWhenRead();
    }
  }
  private readonly whenRead = (ask: () => void): void => {
    this.unasked.push(ask);
    this.askWhenRead();
  };
  /** What follows from a read begins before the next turn of the event loop: nothing under way then means all is read. */
  private askWhenRead(): void {
    if (this.reading || !this.unasked.length) return;
    setImmediate(() => {
      if (!this.reading) for (const ask of this.unasked.splice(0)) ask();
    });
  }

  private loader<V>(
    name: string,
    batch: (ids: readonly string[]) => Promise<readonly (V | Error)[]>,
    batchScheduleFn?: (dispatch: () => void) => void,
  ) {
    const options = { maxBatchSize: 1000, ...(batchScheduleFn && { batchScheduleFn }) };
    const known = this.loaders.get(name) ?? new DataLoader<string, unknown>(batch, options);
    this.loaders.set(name, known);
    return known as DataLoader<string, V>;
  }
}
