/** What a question wants, in the words of the catalog: the door reads GraphQL, the compiler reads this. */
import type { Noun, Relation, StoredNoun } from '../catalog/catalog.ts';

/** What stands behind a field of the graph. */
export type Read =
  | { readonly kind: 'typename' }
  /** A field of the record. */
  | { readonly kind: 'field'; readonly name: string }
  /** What every record has. */
  | { readonly kind: 'id' | 'source' | 'observedAt' | 'asOf' | 'spellings' | 'masked' | 'heading' }
  /** What the record is about. */
  | { readonly kind: 'one'; readonly relation: Relation }
  /** A page of the records that are about it, or (at the root) of all. */
  | { readonly kind: 'list'; readonly noun: StoredNoun; readonly relation: Relation | null }
  /** Asked of the agency when it is read. */
  | { readonly kind: 'live'; readonly relation: Relation }
  /** What every agency says of a person or an organisation: its records, and where they differ. */
  | { readonly kind: 'records' | 'conflicts' }
  /** Parts of a page. */
  | { readonly kind: 'nodes' | 'edges' | 'pageInfo' | 'totalCount' | 'cursor' | 'node' }
  /** Groups of a list's rows, and their parts: a group's key, what is selected in it, and what is measured. */
  | { readonly kind: 'groups' | 'groupNodes' | 'groupKey' | 'keyField' | 'measure' }
  | { readonly kind: 'keyPart'; readonly relation: Relation }
  /** Parts of a conflict: who says what, and in which record. */
  | { readonly kind: 'claims' | 'record' }
  /** Roots: a record by its key, by its id, or by what somebody types. */
  | { readonly kind: 'byKey'; readonly noun: StoredNoun }
  | { readonly kind: 'byId' | 'search' }
  /** A member of a plain object (a source, a spelling, a page's info), of this name. */
  | { readonly kind: 'member'; readonly name: string }
  /** Written by hand: resolved outside, with these fields of the record. */
  | { readonly kind: 'elsewhere'; readonly needs: readonly string[] };

/** One field of an answer. */
export interface Wanted {
  /** Its name in the answer. */
  readonly key: string;
  readonly read: Read;
  readonly args: Readonly<Record<string, unknown>>;
  /** The variable that gives a root its key. */
  readonly keyVariable: { readonly argument: string; readonly variable: string } | null;
  /** What is wrong with its arguments. */
  readonly problem: Error | null;
  /** What is wanted of the objects that it holds, by their type's name. Empty for values. */
  readonly of: (type: string) => readonly Wanted[];
  /** Null is no answer here: it makes the object around it null. */
  readonly required: boolean;
  /** `Person.name`, for messages. */
  readonly label: string;
  /** Where in the question it stands; handed back with what fails. */
  readonly place: unknown;
}

/** Something of the answer that failed: null stands there instead. */
export interface Failure {
  readonly error: Error;
  readonly path: readonly (string | number)[];
  readonly place: unknown;
}

/** Whose answer to a live question it is. */
export interface LiveParent {
  readonly id: string;
  /** By which the agency is asked. */
  readonly key: string;
  /** Personal fields of the parent are shown whole, so those of the answer are. */
  readonly whole: boolean;
}
/** One record of an answer of an agency: the columns that it would have if it were stored. */
export type LiveColumns = Readonly<Record<string, string | null>>;
export type AskLive = (noun: Noun, parent: LiveParent) => Promise<readonly LiveColumns[]>;

/** The type whose field it is. */
export const typeOf = ({ label }: Wanted): string => label.slice(0, label.indexOf('.'));
