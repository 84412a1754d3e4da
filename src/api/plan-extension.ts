/** How a question was answered, for those who write questions: `extensions: {"plan": true}`, `{"explain": true}`. */
import { roleLimits } from '../access/limits.ts';
import type { Answered } from './answer-question.ts';
import type { Context } from './context.ts';

interface PlanExtension {
  readonly plan: {
    /** Roots that were compiled. */
    readonly compiled: readonly string[];
    /** Roots that went through resolvers, as a whole or in part. */
    readonly resolved: readonly string[];
    readonly statements: number;
    /** For those who may see it. */
    readonly sql?: readonly string[];
  };
}

export function planExtension(
  { principal, policy }: Context,
  asked: unknown,
  { plan }: Answered,
): PlanExtension | null {
  const { plan: wanted, explain } = (asked ?? {}) as { plan?: unknown; explain?: unknown };
  if ((wanted !== true && explain !== true) || !roleLimits[principal.role].introspection) return null;
  const { compiled, resolved, statements } = plan;
  const sql = explain === true && policy.may('sql') ? { sql: statements } : {};
  return { plan: { compiled, resolved, statements: statements.length, ...sql } };
}
