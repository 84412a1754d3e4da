/**
 * What a case (办件) is, derived from everything that was stated about it. Pure and independent of the order of arrival:
 * the parts are a set, and the same set always gives the same case.
 */

export interface ReportPart {
  readonly agency: string;
  readonly sourceId: string;
  readonly submittedAt: string;
  readonly acceptedAt: string | null;
  readonly [field: string]: unknown;
}
export interface ApprovalPart {
  readonly agency: string;
  readonly sourceId: string;
  readonly stepNo: string;
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly final: boolean;
}
export interface ClosingPart {
  readonly agency: string;
  readonly sourceId: string;
  readonly result: string;
  readonly closedAt: string;
}
export interface CaseParts {
  readonly reports: readonly ReportPart[];
  readonly approvals: readonly ApprovalPart[];
  readonly closings: readonly ClosingPart[];
}

export type CaseState =
  | 'SUBMITTED'
  | 'AWAITING_CORRECTION'
  | 'ACCEPTED'
  | 'IN_REVIEW'
  | 'PAUSED'
  | 'DECIDED'
  | 'CLOSED';

export interface DerivedCase {
  /** The report that leads: the earliest application. Null while only later parts have arrived. */
  readonly lead: ReportPart | null;
  readonly state: CaseState;
  readonly result: string | null;
  readonly acceptedAt: string | null;
  readonly closedAt: string | null;
  /** The name of the step that is waited for; null when there is none. */
  readonly currentStep: string | null;
}

const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
/** Times may have different offsets, so they are compared as instants. */
const at = (instant: string) => Date.parse(instant);
const byId = (a: { agency: string; sourceId: string }, b: { agency: string; sourceId: string }) =>
  compare(a.agency, b.agency) || compare(a.sourceId, b.sourceId);

export function deriveCase({ reports, approvals, closings }: CaseParts): DerivedCase {
  const lead = [...reports].sort((a, b) => compare(at(a.submittedAt), at(b.submittedAt)) || byId(a, b))[0] ?? null;
  const steps = [...approvals].sort(
    (a, b) =>
      compare(at(a.startedAt), at(b.startedAt)) || compare(a.stepNo.padStart(9), b.stepNo.padStart(9)) || byId(a, b),
  );
  const closing = [...closings].sort((a, b) => compare(at(b.closedAt), at(a.closedAt)) || byId(a, b))[0];
  const accepted = lead?.acceptedAt ?? steps.find(step => step.outcome === 'ACCEPTED')?.endedAt ?? null;
  const open = steps.filter(step => step.state === 'TODO');
  return {
    lead,
    state: closing ? 'CLOSED' : stateOf(steps, open, accepted !== null),
    result: closing?.result ?? null,
    acceptedAt: accepted,
    closedAt: closing?.closedAt ?? null,
    currentStep: closing ? null : (open.at(-1)?.name ?? null),
  };
}

/**
 * The state of a case that is not closed: what it waits for decides, not when something "ended" (end times are
 * unreliable).
 */
function stateOf(steps: readonly ApprovalPart[], open: readonly ApprovalPart[], accepted: boolean): CaseState {
  if (open.some(step => step.type === 'CORRECTION')) return 'AWAITING_CORRECTION';
  if (open.some(step => step.type === 'SPECIAL_PROCEDURE')) return 'PAUSED';
  const done = steps.filter(step => step.state === 'DONE' && step.type === 'STEP');
  if (done.some(step => step.final && (step.outcome === 'AGREED' || step.outcome === 'DISAGREED'))) return 'DECIDED';
  if (!accepted) return 'SUBMITTED';
  return done.some(step => step.outcome !== 'ACCEPTED') || open.some(step => step.type === 'STEP')
    ? 'IN_REVIEW'
    : 'ACCEPTED';
}
