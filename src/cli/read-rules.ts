/** Reads rules from a file, for a dry run of a policy change: what the file leaves out stays as it is. */
import { z } from 'zod';
import { roles } from '../access/principal.ts';
import { features, type RoleRule, type Rules, rowRelations, shownRows } from '../access/rules.ts';
import { auditActNames } from '../domain/audit-acts.ts';

const shown = z.enum(shownRows);
const roleRule = z.strictObject({
  why: z.string().min(1),
  rows: z.array(z.enum(rowRelations)),
  personal: z.strictObject({ without: shown, case: shown, matter: shown, task: shown }),
  internal: z.enum(['whole', 'hidden']),
  finds: z.boolean(),
  unmaskMinutes: z.int().min(0).max(1_440),
  features: z.array(z.enum(features)),
  log: z.array(z.enum(auditActNames)),
}) satisfies z.ZodType<RoleRule>;
const changes = z.partialRecord(z.enum(roles), roleRule.partial());

/** The file is not what it should be; the message names the place, in one line. */
export class RulesError extends Error {
  override readonly name = 'RulesError';
}

/** @param text JSON: `{ "analyst": { "rows": ["open"] } }`, rules by role, whole or in part */
export function readRules(text: string, base: Rules): Rules {
  const { data, error } = changes.safeParse(parsed(text));
  if (error) {
    const { path, message } = error.issues[0]!;
    throw new RulesError(`${path.join('.') || 'The file'}: ${message}`);
  }
  const merged = roles.map(role => [role, { ...base[role], ...data[role] }] as const);
  return Object.fromEntries(merged) as unknown as Rules;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RulesError('The file should hold JSON: an object with a rule for each role that changes');
  }
}
