/**
 * State of one request, or of one event of a subscription: the reader, and loaders that live no longer than it does.
 */
import DataLoader from 'dataloader';
import type { EndedSessions } from '../../access/ended-sessions.ts';
import type { Policy } from '../../access/policy.ts';
import { policyOf } from '../../access/policy.ts';
import type { Principal } from '../../access/principal.ts';
import type { Purposes } from '../../access/purposes.ts';
import type { Rules } from '../../access/rules.ts';
import type { SharingGrant } from '../../access/sharing.ts';
import type { StatedPurpose } from '../../audit/entry.ts';
import { type AuditDesk, type AuditTarget, Trail } from '../../audit/trail.ts';
import type { Catalog, Noun } from '../../catalog/catalog.ts';
import type { SealingOrder } from '../../domain/sealing-order.ts';
import type { SessionEnding } from '../../domain/session-ending.ts';
import type { UnmaskGrant } from '../../domain/unmask-grant.ts';
import type { Cursors } from '../../feed/cursors.ts';
import type { Tail } from '../../feed/tail.ts';
import type { Freshness } from '../../ingest/health.ts';
import type { LiveRecord, Lookup } from '../../ingest/lookup.ts';
import type { Batches } from '../../query/batches.ts';
import type { PlanGround } from '../../query/planner.ts';
import { type ReadShare, sharedByAll } from '../../query/read-places.ts';
import type { ResponseReader } from '../../query/response-writer.ts';
import type { AskLive, LiveColumns } from '../../query/selected-field.ts';
import type { StreamReads } from '../../query/stream-reads.ts';
import type { ReadRows } from '../../store/database.ts';
import type { Identity } from '../../store/identity.ts';
import { fieldColumns } from '../../store/rows.ts';
import type { EndOrder } from '../../store/session-endings.ts';
import type { IssuedTicket, TicketOrder } from './export-ticket.ts';
import type { PersonQuotas } from './person-quotas.ts';
import type { UnmaskService } from './unmask-service.ts';

type LiveLoader = DataLoader<string, LiveRecord[]>;

/** What all requests share. */
export interface Hub {
  readonly catalog: Catalog;
  readonly identity: Identity;
  readonly read: ReadRows;
  readonly batches: Batches;
  readonly lookup: Lookup;
  readonly freshness: () => Promise<ReadonlyMap<string, Freshness>>;
  readonly tail: Tail;
  readonly cursors: Cursors;
  readonly streams: Pick<StreamReads, 'reads' | 'atOneMoment'>;
  /** Agency code of the hosting town. */
  readonly town: string;
  readonly audit: AuditDesk & AuditTarget & { readonly quotas: PersonQuotas };
  /** Whether a stated purpose holds. */
  readonly purposes: Pick<Purposes, 'checked'>;
  /** Multiplies the cost units per minute of every role. */
  readonly budgetFactor: number;
  /** The most persons that a test by a personal field may fit. */
  readonly testedPersons: number;
  /** Takes orders for exports. */
  readonly exports: { issue(reader: Principal, order: TicketOrder): IssuedTicket };
  /** Sharing grants in force. */
  readonly grants: () => readonly SharingGrant[];
  readonly unmasking: Pick<UnmaskService, 'of' | 'grant'>;
  /**
   * Whether there is an order of this number for this reader; `orderSealing` writes one down, and returns false if
   * there is one.
   */
  readonly hasSealingOrder: (number: string, subject: string) => Promise<boolean>;
  readonly orderSealing: (order: SealingOrder, orderedBy: string) => Promise<boolean>;
  readonly ended: EndedSessions;
  /** Ends a session here and in every other process of the hub. */
  readonly endSession: (order: Omit<EndOrder, 'lastsSeconds'>) => Promise<SessionEnding>;
  /** Rules to use instead of those in force, for the dry run of a change. */
  readonly rules?: Rules;
}

export class Context {
  readonly policy: Policy;
  /** Whose personal data this request has shown. */
  readonly trail = new Trail();
  /** For whom rows are read; an event is read for all its readers together. */
  share: ReadShare = sharedByAll;
  private readonly unmasked: readonly UnmaskGrant[];
  private readonly loaders = new Map<string, LiveLoader>();

  constructor(
    readonly hub: Hub,
    readonly principal: Principal,
  ) {
    const idOf = (noun: string, key: string) => hub.identity.ofNoun(hub.catalog.get(noun), key);
    this.unmasked = hub.unmasking.of(principal);
    const ground = { catalog: hub.catalog, idOf, town: hub.town, grants: hub.grants(), unmasked: this.unmasked };
    this.policy = policyOf(principal, ground, hub.rules);
  }

  /**
   * Why personal data is read, for the audit log: the stated purpose, and the grants by which something is unmasked.
   */
  get purpose(): StatedPurpose | null {
    const { purpose } = this.principal;
    if (!this.unmasked.length) return purpose;
    const grants = this.unmasked.map(grant => grant.id).join(' ');
    return purpose ? { ...purpose, unmasked: grants } : { kind: 'unmask', value: grants };
  }

  get hasUnmasked(): boolean {
    return this.unmasked.length > 0;
  }

  get responseReader(): ResponseReader {
    const { hub, trail, ask, share } = this;
    return {
      ask,
      saw: subjects => trail.saw(subjects),
      sought: search => trail.sought(search),
      read: (...asked) => hub.batches.readFrom(share, ...asked),
    };
  }
  get planGround(): PlanGround {
    const { hub, policy } = this;
    const { catalog, identity, testedPersons } = hub;
    return { catalog, policy, testedPersons, idOf: (noun, key) => identity.ofNoun(noun, key) };
  }

  private ended = false;
  /** Ends the execution: a loader that is used later would return what it had read before. */
  end(): void {
    this.ended = true;
    this.loaders.clear();
  }

  /** Asks the agency, in one batch for the whole answer. */
  private readonly ask: AskLive = async (noun, { key }) => {
    if (this.ended) throw new Error('A loader was used after its execution');
    const known =
      this.loaders.get(noun.name) ??
      new DataLoader<string, LiveRecord[]>(keys => this.hub.lookup(noun.name, keys), { maxBatchSize: 1000 });
    this.loaders.set(noun.name, known);
    const records = await known.load(key);
    return records.map(record => this.columnsOf(noun, record));
  };
  private columnsOf(noun: Noun, { statement, values, spellings, agency }: LiveRecord): LiveColumns {
    const { sourceId, version, asOf } = statement;
    const columns = Object.entries(fieldColumns(noun, values, this.hub.identity));
    return {
      ...Object.fromEntries(columns.map(([name, value]) => [name, textOf(value)])),
      id: this.hub.identity.ofRecord(noun.name, agency, sourceId),
      agency,
      source_id: sourceId,
      version,
      as_of: asOf ?? null,
      observed_at: new Date().toISOString(),
      spellings: spellings.length ? JSON.stringify(spellings) : null,
    };
  }

  private allFreshness: Promise<ReadonlyMap<string, Freshness>> | null = null;
  freshness(): Promise<ReadonlyMap<string, Freshness>> {
    this.allFreshness ??= this.hub.freshness();
    return this.allFreshness;
  }
}

/** The value as PostgreSQL would write it as text. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
