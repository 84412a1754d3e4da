/** One entry of the log: who read or wrote whose data, why and through which query. One line of JSON, chained. */
import { hash } from 'node:crypto';
import { type AuditAct, isOfPersons } from '../domain/audit-acts.ts';
import { hideIdentifiers } from './hide-identifiers.ts';

export interface Who {
  /** The token's subject; null for the public and for the hub itself. */
  readonly subject: string | null;
  readonly role: string;
  readonly agency: string | null;
  readonly session: string | null;
}
export interface StatedPurpose {
  readonly kind: string;
  readonly value: string;
  /** Number of the order that seals the read, and the order's last day. */
  readonly sealedBy?: string;
  readonly sealedUntil?: string;
  /** Ids of the grants that the reader has at that moment, beside what the purpose shows. */
  readonly unmasked?: string;
  /** The purpose for which a record was unmasked: `case:<number>`. */
  readonly under?: string;
}
/** `hub`: what the log does by itself; `command`: an operator at a terminal. */
export type Channel = 'http' | 'socket' | 'export' | 'command' | 'hub';
/**
 * `allowed`: what follows was about to be done. `failed`: it was not done, or not wholly; `of.entry` is the entry that
 * allowed it. Entries that only say what was done have none.
 */
export type Outcome = 'allowed' | 'refused' | 'failed';
/** Whether an entry appears in a person's report. */
export const concernsPersons = ({ act }: Pick<Entry, 'act'>): boolean => isOfPersons(act);

/** A further reader of the same answer, and on how many of their streams it was shown. */
export interface OtherReader {
  readonly who: Who;
  readonly purpose: StatedPurpose | null;
  readonly times: number;
}

/** What is to be noted; the log adds the number, the time and the link to the previous entry. */
export interface Draft {
  readonly act: AuditAct;
  readonly who: Who;
  readonly outcome?: Outcome;
  /** Why, as whoever acts wrote it. */
  readonly reason?: string;
  /** What it concerns, in words: `field` and `code` of a refusal, the `session` that was ended, ... */
  readonly about?: Readonly<Record<string, string>>;
  readonly purpose: StatedPurpose | null;
  /** For an event that goes to many screens: its other readers. */
  readonly others?: readonly OtherReader[];
  /** The name and the SHA-256 of the document; never its variables. */
  readonly operation: { readonly name: string | null; readonly sha256: string } | null;
  readonly channel: Channel;
  /** Ids of the hub: keyed pseudonyms. */
  readonly subjects: Iterable<string>;
  /** SHA-256 of the text of the answer; with other readers, of the text without any reader's cursor. */
  readonly result: string | null;
  /** Which rules decided: a digest of the policy. */
  readonly policy: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Numbers of what it concerns: `entry` of a release, `through` of a prune, `bytes` of a repair; `opening.ts`. */
  readonly of?: Readonly<Record<string, number>>;
}

/** An entry about the log or the hub itself, which nobody asked for. */
export const ofTheHub = (act: AuditAct, policy: string, more: Partial<Draft>): Draft => ({
  act,
  who: { subject: null, role: 'hub', agency: null, session: null },
  purpose: null,
  operation: null,
  channel: 'hub',
  subjects: [],
  result: null,
  policy,
  counts: {},
  ...more,
});

export interface Entry {
  /** From 1, without gaps. */
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly act: AuditAct;
  readonly who: Who;
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly about?: Readonly<Record<string, string>>;
  readonly purpose: StatedPurpose | null;
  readonly others?: readonly OtherReader[];
  readonly operation: Draft['operation'];
  readonly channel: Channel;
  /** Entries of before 2026-12 may name some only; `rest` is the SHA-256 of the sorted other ids, joined by line feeds. */
  readonly subjects: { readonly count: number; readonly ids: readonly string[]; readonly rest?: string };
  readonly result: string | null;
  readonly policy: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly of?: Readonly<Record<string, number>>;
  /** Withheld from the person concerned until it is released, or until the day after the order's last one. */
  readonly sealed?: true;
  /** `2026-11-23`; entries from before 2026-12 have none. */
  readonly sealedUntil?: string;
  /** Leaf hash of the previous line; zeros for the first one. */
  readonly prev: string;
}

export const firstLink = '0'.repeat(64);

/** RFC 6962 hashes a leaf after a zero byte, so that no leaf can pass for a node. Without the line feed. */
export const leafHash = (line: string): string => hash('sha256', `\0${line}`, 'hex');

/** Only an order in force seals; a client who states a purpose cannot write the last day into it. */
export const isSealed = ({ purpose }: Pick<Draft, 'purpose'>): boolean => purpose?.sealedUntil !== undefined;

export interface Place {
  readonly seq: number;
  readonly at: string;
  readonly prev: string;
}

export function makeEntry(draft: Draft, { seq, at, prev }: Place): Entry {
  const { act, who, outcome, reason, about, purpose, operation, channel, result, policy, counts, of } = draft;
  return {
    seq,
    at,
    act,
    who,
    ...(outcome && { outcome }),
    ...(reason !== undefined && { reason: shortened(reason, longestReason) }),
    ...(about && { about: mapValues(about, text => shortened(text, longestReason)) }),
    // Purposes and names are the client's words, and may contain a number that identifies somebody.
    purpose: hidden(purpose),
    ...(draft.others?.length && { others: draft.others.map(other => ({ ...other, purpose: hidden(other.purpose) })) }),
    operation: operation && { ...operation, name: operation.name && shortened(operation.name, longestName) },
    channel,
    subjects: subjectsOf(draft),
    result,
    policy,
    counts,
    ...(of && { of }),
    ...(isSealed(draft) && { sealed: true as const, sealedUntil: purpose!.sealedUntil! }),
    prev,
  };
}

/** A document may give its operation a name of any length. */
const longestName = 100;
const longestReason = 300;
/** What is hidden becomes shorter, so more than the end is looked at. */
const lookedAt = 4_000;
const shortened = (text: string, most: number): string => {
  const short = hideIdentifiers(text.slice(0, lookedAt));
  return short.length > most ? `${short.slice(0, most - 1)}…` : short;
};
const mapValues = (of: Readonly<Record<string, string>>, change: (text: string) => string) =>
  Object.fromEntries(Object.entries(of).map(([name, text]) => [name, change(text)]));

const hidden = (purpose: StatedPurpose | null): StatedPurpose | null =>
  purpose && {
    kind: purpose.kind,
    value: hideIdentifiers(purpose.value),
    ...(purpose.sealedBy !== undefined && { sealedBy: purpose.sealedBy }),
    ...(purpose.unmasked !== undefined && { unmasked: purpose.unmasked }),
    ...(purpose.under !== undefined && { under: hideIdentifiers(purpose.under) }),
  };

/** Whether an entry is still sealed on a day of the town, `2026-11-23`; a release before that is an entry of its own. */
export const isClosed = ({ sealed, sealedUntil }: Entry, today: string): boolean =>
  sealed === true && (sealedUntil === undefined || today <= sealedUntil);

/** The entry for each of its readers, as if it were their own. */
export const byReader = (entry: Entry): Entry[] => {
  const { others = [], ...own } = entry;
  return [own, ...others.map(({ who, purpose }) => ({ ...own, who, purpose }))];
};

function subjectsOf({ subjects }: Draft): Entry['subjects'] {
  const ids = [...subjects];
  return { count: ids.length, ids };
}

/** Every person is named: if they are more than one entry may name, there are several, each with the total number. */
export function inParts(draft: Draft, most: number): Draft[] {
  const all = [...draft.subjects];
  if (all.length <= most) return [draft];
  const parts = Math.ceil(all.length / most);
  return Array.from({ length: parts }, (_, i) => ({
    ...draft,
    subjects: all.slice(i * most, (i + 1) * most),
    counts: { ...draft.counts, persons: all.length },
    of: { ...draft.of, part: i + 1, parts },
  }));
}

/** Null for what is not an entry of the log. */
export function parseEntry(line: string): Entry | null {
  try {
    const entry = JSON.parse(line) as Entry;
    const sound =
      Number.isSafeInteger(entry.seq) &&
      !Number.isNaN(Date.parse(entry.at)) &&
      typeof entry.prev === 'string' &&
      typeof entry.act === 'string' &&
      Array.isArray(entry.subjects.ids);
    return sound ? entry : null;
  } catch {
    return null;
  }
}
