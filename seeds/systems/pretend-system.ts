/** What each pretend agency system offers to the demo and the tests, besides its real protocol. */
import type { Township } from '../township/model.ts';

/** How often each fault is made: a share between 0 and 1, or a fixed count, by the fault's name. */
export type FaultRates = Readonly<Record<string, number>>;

export interface StartOptions {
  readonly town: Township;
  readonly seed: number;
  /** Overrides of the system's usual fault rates; `{}` with `faultless: true` for none at all. */
  readonly faults?: FaultRates;
  readonly faultless?: boolean;
  /** The port of 127.0.0.1 to listen on, for systems that listen on one; any that is free without it. */
  readonly port?: number;
  /** A PostgreSQL URL with the right to create databases; only systems that are databases need it. */
  readonly postgresUrl?: string;
}

/** What the system has reported or would report by now, so that a test can count exactly. */
export interface Ledger {
  /** Records that the hub must hold, not deleted, by kind. */
  readonly records: Readonly<Record<string, number>>;
  /** Records that the hub must hold flagged as deleted, by kind. */
  readonly deleted: Readonly<Record<string, number>>;
  /** Items that must be parked. */
  readonly parked: number;
  /** Faults that were made, by name. */
  readonly faults: Readonly<Record<string, number>>;
}

/** An update that the system made: the change that must reach a subscriber. */
export interface Touched {
  readonly kind: string;
  readonly sourceId: string;
  /** The case, where the update belongs to one. */
  readonly caseNo: string | null;
}

export interface PretendSystem {
  readonly agency: string;
  /** Environment by which the agency's adapter finds this system: `HUB_POLICE_URL` and so on. */
  readonly environment: Readonly<Record<string, string>>;
  ledger(): Ledger;
  /** Makes one clean update, of a case where the agency has cases, and publishes it at once. */
  touch(): Promise<Touched>;
  /** Makes one more event: a new case, an approval, a correction, a deletion or a re-report. */
  step(): Promise<void>;
  /** For systems that push: the hub's address; they begin to deliver what waits, and retry until it is taken. */
  deliverTo?(hubUrl: string): void;
  /** Resolves when everything that waited has been taken. */
  drained?(): Promise<void>;
  /** Makes the system refuse or hang for outage tests, and recover. */
  setOutage(outage: 'none' | 'refuse' | 'hang'): void;
  stop(): Promise<void>;
}

export type StartSystem = (options: StartOptions) => Promise<PretendSystem>;
