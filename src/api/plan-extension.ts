/** How a question was answered, for those who write questions: `extensions: {"plan": true}`, `{"explain": true}`. */
import { roleLimits } from '../access/limits.ts';
import type { ReadRows } from '../store/database.ts';
import type { Answered } from './answer-question.ts';
import type { Context } from './context.ts';

interface PlanExtension {
  readonly plan: {
    /** Roots that were compiled. */
    readonly compiled: readonly string[];
    /** Roots that went through resolvers, as a whole or in part. */
    readonly resolved: readonly string[];
    readonly statements: number;
    /** Of each statement: what PostgreSQL believes that it costs (in its own units), and how many rows it gives. */
    readonly estimates?: readonly Estimate[];
    /** For those who may see it. */
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
  const { plan: wanted, explain } = (asked ?? {}) as { plan?: unknown; explain?: unknown };
  if ((wanted !== true && explain !== true) || !roleLimits[principal.role].introspection) return null;
  const { compiled, resolved, statements } = plan;
  const report = { compiled, resolved, statements: statements.length };
  if (explain !== true) return { plan: report };
  const estimates = await Promise.all(statements.map(text => estimateOf(text, hub.read)));
  return { plan: { ...report, estimates, ...(policy.may('sql') && { sql: statements }) } };
}

/** Of the statement for whatever keys: nothing of a request is in it. */
async function estimateOf(text: string, read: ReadRows): Promise<Estimate> {
  const [[json]] = (await read(`explain (generic_plan, format json) ${text}`, [])) as [[string]];
  const [{ Plan }] = JSON.parse(json) as [{ Plan: { 'Total Cost': number; 'Plan Rows': number } }];
  return { cost: Plan['Total Cost'], rows: Plan['Plan Rows'] };
}
