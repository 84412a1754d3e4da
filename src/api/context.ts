/** What one request, or one event of a subscription, carries: the reader, and loaders that live no longer than it. */
import DataLoader from 'dataloader';
import type { Policy } from '../access/policy.ts';
import { policyOf } from '../access/policy.ts';
import type { Principal } from '../access/principal.ts';
import type { Catalog, Noun, Relation, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import type { Tail } from '../feed/tail.ts';
import type { Freshness } from '../ingest/health.ts';
import type { LiveRecord, Lookup } from '../ingest/lookup.ts';
import { type ClaimRow, type ListArgs, Reader, type RecordPage } from '../query/reader.ts';
import { maskFields, maskSpellings, type RecordRow, type SpellingRow } from '../query/record-row.ts';
import type { ReadRows } from '../store/database.ts';
import type { Identity } from '../store/identity.ts';

/** What all requests share. */
export interface Hub {
  readonly catalog: Catalog;
  readonly identity: Identity;
  readonly read: ReadRows;
  readonly lookup: Lookup;
  readonly freshness: () => Promise<ReadonlyMap<string, Freshness>>;
  readonly tail: Tail;
}

export class Context {
  readonly policy: Policy;
  readonly reader: Reader;
  private readonly loaders = new Map<string, DataLoader<string, unknown>>();

  constructor(
    readonly hub: Hub,
    readonly principal: Principal,
  ) {
    this.policy = policyOf(principal);
    this.reader = new Reader(hub.catalog, this.policy, hub.read);
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

  /** Asks the agency, in one batch for the whole request. */
  async live(noun: Noun, key: string): Promise<RecordRow[]> {
    if (!this.policy.sees(noun) || !this.policy.may('lookup')) {
      throw new HubError('FORBIDDEN', `${noun.kind.plural} are asked of the agency: your role may not ask`);
    }
    const records = await this.loader<LiveRecord[]>(`live ${noun.name}`, keys => this.hub.lookup(noun.name, keys)).load(
      key,
    );
    return records.map(({ statement, values, spellings, agency }) => ({
      ...maskFields(noun, this.policy, values),
      $noun: noun,
      $id: this.hub.identity.ofRecord(noun.name, agency, statement.sourceId),
      $links: Object.fromEntries(noun.links.map(link => [link.role, this.linkOf(link, values)])),
      $key: key,
      $source: { agency, sourceId: statement.sourceId, version: statement.version },
      observedAt: new Date().toISOString(),
      asOf: statement.asOf ?? null,
      spellings: maskSpellings(noun, this.policy, spellings as SpellingRow[]),
    }));
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

  private loader<V>(name: string, batch: (ids: readonly string[]) => Promise<readonly (V | Error)[]>) {
    const known = this.loaders.get(name) ?? new DataLoader<string, unknown>(batch, { maxBatchSize: 1000 });
    this.loaders.set(name, known);
    return known as DataLoader<string, V>;
  }
}
