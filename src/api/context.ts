/** What one request, or one event of a subscription, carries: the reader, and loaders that live no longer than it. */
import DataLoader from 'dataloader';
import type { EndedSessions } from '../access/ended-sessions.ts';
import type { Policy } from '../access/policy.ts';
import { policyOf } from '../access/policy.ts';
import type { Principal } from '../access/principal.ts';
import type { Rules } from '../access/rules.ts';
import type { SharingGrant } from '../access/sharing.ts';
import type { StatedPurpose } from '../audit/entry.ts';
import { type AuditDesk, Trail } from '../audit/trail.ts';
import type { Catalog, Noun, Relation, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import type { SessionEnding } from '../domain/session-ending.ts';
import type { UnmaskGrant } from '../domain/unmask-grant.ts';
import type { Tail } from '../feed/tail.ts';
import type { Freshness } from '../ingest/health.ts';
import type { LiveRecord, Lookup } from '../ingest/lookup.ts';
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
import type { UnmaskDesk } from './unmask-desk.ts';

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
  /** Sharing grants in force. */
  readonly grants: () => readonly SharingGrant[];
  readonly unmasking: Pick<UnmaskDesk, 'of' | 'grant'>;
  readonly ended: EndedSessions;
  /** Ends a session here and in every other process of the hub. */
  readonly endSession: (order: Omit<EndOrder, 'lastsSeconds'>) => Promise<SessionEnding>;
  /** Other rules than those in force, to rehearse a change of them. */
  readonly rules?: Rules;
}

export class Context {
  readonly policy: Policy;
  readonly reader: Reader;
  /** Whose personal data this request has shown. */
  readonly trail = new Trail();
  private readonly unmasked: readonly UnmaskGrant[];
  private readonly saw: SawPersons = subjects => this.trail.saw(subjects);
  private readonly loaders = new Map<string, DataLoader<string, unknown>>();

  constructor(
    readonly hub: Hub,
    readonly principal: Principal,
  ) {
    const idOf = (noun: string, key: string) => hub.identity.ofNoun(hub.catalog.get(noun), key);
    this.unmasked = hub.unmasking.of(principal);
    const ground = { catalog: hub.catalog, idOf, town: hub.town, grants: hub.grants(), unmasked: this.unmasked };
    this.policy = policyOf(principal, ground, hub.rules);
    this.reader = new Reader(hub.catalog, this.policy, (text, values) => this.noted(hub.read(text, values)), this.saw);
  }

  /** Why personal data is read, for the proof: what was stated, or the reasons for which something was unmasked. */
  get purpose(): StatedPurpose | null {
    const { purpose } = this.principal;
    if (purpose || !this.unmasked.length) return purpose;
    return { kind: 'unmask', value: this.unmasked.map(grant => grant.id).join(' ') };
  }

  one(noun: StoredNoun, id: string): Promise<RecordRow | null> {
    return this.loader<RecordRow | null>(`one ${noun.name}`, ids => this.reader.byIds(noun, ids)).load(id);
  }

  page(noun: StoredNoun, args: ListArgs, relation: Relation | null, parent: string): Promise<RecordPage> {
    if (!relation) return this.reader.pages(noun, args, null).then(([page]) => page!);
    const name = `page ${relation.from.name}.${relation.name} ${JSON.stringify(args)}`;
    return this.loader<RecordPage>(name, ids => this.reader.pages(noun, args, relation, ids)).load(parent);
  }

  count(noun: StoredNoun, args: ListArgs, relation: Relation | null, parent: string): Promise<number> {
    if (!relation) return this.reader.counts(noun, args, null).then(([count]) => count!);
    const name = `count ${relation.from.name}.${relation.name} ${JSON.stringify(args.where ?? null)}`;
    return this.loader<number>(name, ids => this.reader.counts(noun, args, relation, ids)).load(parent);
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
