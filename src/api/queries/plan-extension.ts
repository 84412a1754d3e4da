/** Reports how a query was answered, for those who write queries: `extensions: {"plan": true}`, `{"explain": true}`. */
import { roleLimits } from '../../access/limits.ts';
import type { ReadRows } from '../../store/database.ts';
import type { Context } from '../request/context.ts';
import type { Answered } from './answer-query.ts';

interface PlanExtension {
  readonly plan: {
    /** Roots that were compiled. */
    readonly compiled: readonly string[];
    /** Roots that went through resolvers, as a whole or in part. */
    readonly resolved: readonly string[];
    readonly statements: number;
    /** For each statement PostgreSQL's estimate of its cost (in PostgreSQL's own units) and of its rows. */
    readonly estimates?: readonly Estimate[];
    /** Only for readers who may see SQL. */
    readonly sql?: readonly string[];
  };
}
interface Estimate {
  readonly cost: number;
  readonly rows: number;
}

export async function planExtension(
  { principal, policy, hub }: Context,
  asked: unknown,
  { plan }: Answered,
): Promise<PlanExtension | null> {
  const { plan: selected, explain } = (asked ?? {}) as { plan?: unknown; explain?: unknown };
  if ((selected !== true && explain !== true) || !roleLimits[principal.role].introspection) return null;
  const { compiled, resolved, statements } = plan;
  const report = { compiled, resolved, statements: statements.length };
  if (explain !== true) return { plan: report };
  const estimates = await Promise.all(statements.map(text => estimateOf(text, hub.read)));
  return { plan: { ...report, estimates, ...(policy.may('sql') && { sql: statements }) } };
}

/** Estimates the statement without knowing its keys: it holds no values of the request. */
async function estimateOf(text: string, read: ReadRows): Promise<Estimate> {
  const [[json]] = (await read(`explain (generic_plan, format json) ${text}`, [])) as [[string]];
  const [{ Plan }] = JSON.parse(json) as [{ Plan: { 'Total Cost': number; 'Plan Rows': number } }];
  return { cost: Plan['Total Cost'], rows: Plan['Plan Rows'] };
}
