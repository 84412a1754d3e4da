/** A workload of requests: what is sent to each contender, and how the answers are compared. */
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { BenchSize } from './bench-size.ts';
import { casesByMonth, casesByMonthRolledUp } from './cases-by-month.ts';
import { type LimitStatement, limitStatement } from './limit-sql.ts';
import { byTheBookDocument, hubDocument, plainAnswer, postgraphileDocument } from './question-documents.ts';
import { type Question, questions } from './questions.ts';

export type Asker = 'hub' | 'postgraphile' | 'byTheBook';

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly connections: number;
  /** The variables are the same for all contenders. */
  variables(n: number, size: BenchSize): Readonly<Record<string, string | readonly string[]>>;
  /** The statement of the limit. */
  statement(catalog: Catalog): LimitStatement;
  document(asker: Asker, catalog: Catalog): string;
  /** Returns the same value for equal answers of any contender. */
  comparable(answer: unknown): unknown;
}

const documents = { hub: hubDocument, postgraphile: postgraphileDocument, byTheBook: byTheBookDocument };
const ofQuestion = (question: Question): Workload => ({
  ...question,
  statement: catalog => limitStatement(catalog, question),
  document: (asker, catalog) => documents[asker](catalog, question),
  comparable: plainAnswer,
});

export const workloads: readonly Workload[] = [...questions.map(ofQuestion), casesByMonth, casesByMonthRolledUp];
