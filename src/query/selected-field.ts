/** The selected fields of a query in terms of the catalog: the API reads GraphQL, the compiler reads this. */
import type { Noun, Relation, StoredNoun } from '../catalog/catalog.ts';

/** What a field of the graph is read from. */
export type FieldSource =
  | { readonly kind: 'typename' }
  /** A field of the record. */
  | { readonly kind: 'field'; readonly name: string }
  /** Fields that every record has. */
  | { readonly kind: 'id' | 'source' | 'observedAt' | 'asOf' | 'spellings' | 'masked' | 'heading' }
  /** A linked record that the record is about. */
  | { readonly kind: 'one'; readonly relation: Relation }
  /** A page of the records that are about it, or (at the root) of all. */
  | { readonly kind: 'list'; readonly noun: StoredNoun; readonly relation: Relation | null }
  /** The agency is asked for it when it is read. */
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
  /** A hand-written resolver, which needs these fields of the record. */
  | { readonly kind: 'elsewhere'; readonly needs: readonly string[] };

/** One field of an answer. */
export interface SelectedField {
  /** Its name in the answer. */
  readonly key: string;
  readonly read: FieldSource;
  readonly args: Readonly<Record<string, unknown>>;
  /** The variable that gives a root its key. */
  readonly keyVariable: { readonly argument: string; readonly variable: string } | null;
  /** The error in its arguments. */
  readonly problem: Error | null;
  /** The fields selected of the objects that it holds, by their type's name. Empty for values. */
  readonly of: (type: string) => readonly SelectedField[];
  /** Null is not allowed here: it makes the object around it null. */
  readonly required: boolean;
  /** `Person.name`, for messages. */
  readonly label: string;
  /** Its place in the query, which is returned with failures. */
  readonly place: unknown;
}

/** A part of the answer that failed and is null. */
export interface Failure {
  readonly error: Error;
  readonly path: readonly (string | number)[];
  readonly place: unknown;
}

/** The record for which an agency is asked. */
export interface LiveParent {
  readonly id: string;
  /** The key by which the agency is asked. */
  readonly key: string;
  /** Whether personal fields of the parent are shown whole; if so, those of the answer are too. */
  readonly whole: boolean;
}
/** One record from an agency: the columns that it would have if it were stored. */
export type LiveColumns = Readonly<Record<string, string | null>>;
export type AskLive = (noun: Noun, parent: LiveParent) => Promise<readonly LiveColumns[]>;

/** The name of the type to which the field belongs. */
export const typeOf = ({ label }: SelectedField): string => label.slice(0, label.indexOf('.'));
