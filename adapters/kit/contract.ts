/** The contract between the hub and an agency's folder. */
import type { z } from 'zod';
import type { RecordKind, Title } from './record.ts';
import type { Statement } from './statement.ts';

/** One item as the source gave it: a row, a line, a document. `raw` is kept when it must be parked. */
export type Item<N> =
  | { readonly raw: string | Uint8Array; readonly native: N }
  | { readonly raw: string | Uint8Array; readonly unreadable: { readonly field: string; readonly reason: string } };

/**
 * Pages that belong to a whole set: after its last page, stored records of these kinds that it did not hold are
 * removed.
 */
export interface WholeSet {
  /** Names the set: a file's name. */
  readonly name: string;
  readonly kinds: readonly string[];
  /** Removals get this version: records with a newer one (a later delta) stay. */
  readonly version: string;
  /** This page is its last. */
  readonly complete: boolean;
}

export interface Page<N> {
  readonly items: readonly Item<N>[];
  /** The cursor after this page: opaque to the hub, stored with the page. Holds no personal data. */
  readonly next: string;
  /** Nothing more is waiting at the source. */
  readonly done: boolean;
  readonly set?: WholeSet;
}

/** Names in lower case. */
export type DeliveryHeaders = Readonly<Record<string, string | undefined>>;
/** What an agency's system pushes: an HTTP request to `/push/<agency>`. */
export interface Delivery {
  readonly headers: DeliveryHeaders;
  readonly body: Uint8Array;
}

/** Takes deliveries in two steps, since whoever reaches the port may send one. */
export interface DeliveryReader<N> {
  /**
   * Judges a delivery by its headers, before a byte of its body is read: whether all that proves it is there, has the
   * right form and is of this moment. Throws `SourceError` of kind REFUSED otherwise.
   */
  admit(headers: DeliveryHeaders): void;
  /** Reads a delivery, after verifying that the agency sent it. Throws `SourceError` of kind REFUSED otherwise. */
  read(delivery: Delivery): Promise<readonly Item<N>[]>;
}

export interface Call {
  /** Aborts when the hub's deadline passes or the hub stops. */
  readonly signal: AbortSignal;
}

/**
 * An open connection to an agency's system, with what the system can do; it never retries, schedules, logs or stores.
 */
export interface AgencySource<N> {
  /**
   * The page after a cursor (null: the beginning), of about `limit` items. The same cursor gives the same page or a
   * fuller one.
   */
  changes?(after: string | null, limit: number, call: Call): Promise<Page<N>>;
  /**
   * Asks for the records of a kind about these keys, in one batch: returns a list for each key, in the order of the
   * keys.
   */
  lookup?(kind: string, keys: readonly string[], call: Call): Promise<readonly (readonly Item<N>[])[]>;
  readonly push?: DeliveryReader<N>;
  close?(): Promise<void>;
}

/** The network and the clock, given to the adapter: tests replace them, so nothing reaches the network by surprise. */
export interface Io {
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
}

export type SettingsShape = z.ZodObject;
/** How an agency's records come: pages of changes, whole sets and deltas, deliveries, live queries. */
export type Mode = 'changes' | 'full' | 'delta' | 'push' | 'lookup';

// biome-ignore lint/suspicious/noExplicitAny: adapters of all native shapes stand in one list
export interface Adapter<S extends SettingsShape = any, N = any> {
  readonly agency: { readonly code: string; readonly title: Title; readonly protocol: string };
  /** The version of this adapter; stored beside every item that it parked. */
  readonly version: string;
  /** The agency's own kinds of record. */
  readonly records: readonly RecordKind[];
  /** The hall's kinds that it states too: reports of cases, approvals, closings, licences. */
  readonly hallRecords: readonly RecordKind[];
  readonly modes: readonly Mode[];
  /** Read from HUB_<AGENCY>_<SETTING>; every field has a `describe` that says what it should be. */
  readonly settings: S;
  /** Pause between polls of `changes` when nothing is waiting. */
  readonly pollEveryMs: number;
  connect(settings: z.output<S>, io: Io): AgencySource<N>;
  /** Restates one native item. Pure. Throws `Rejection` when it cannot. */
  map(native: N): readonly Statement[];
}

export const defineAdapter = <S extends SettingsShape, N>(adapter: Adapter<S, N>): Adapter<S, N> => adapter;

/** The source failed, not the hub: UNREACHABLE and TIMEOUT pass with time, REFUSED and MALFORMED need a person. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  constructor(
    readonly kind: 'UNREACHABLE' | 'TIMEOUT' | 'REFUSED' | 'MALFORMED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
