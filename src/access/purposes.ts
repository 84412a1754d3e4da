/**
 * Whether a stated purpose counts. A purpose must exist: a case exists, is open and is the reader's; a matter is in
 * force and handled by the reader; a task is in the register of tasks. If it does not hold, the reader receives the
 * reason, and it counts as none.
 */
import DataLoader from 'dataloader';
import type { Catalog } from '../catalog/catalog.ts';
import { townDay } from '../domain/town-day.ts';
import type { Policy } from './policy.ts';
import { PolledState } from './polled-state.ts';
import type { Principal, Purpose } from './principal.ts';
import { rowsSql } from './rows.ts';
import { rules } from './rules.ts';
import type { SealingOrders } from './sealing-orders.ts';
import type { SharingGrant } from './sharing.ts';

/** The stated purpose after the check: either it holds, or the reason why it does not. */
export type CheckedPurpose = Pick<Principal, 'purpose' | 'purposeProblem'>;
type Read = (text: string, values: readonly unknown[]) => Promise<(string | null)[][]>;

export interface PurposeGround {
  readonly catalog: Catalog;
  readonly read: Read;
  /** The id of a noun that is known by its key. */
  readonly idOf: (noun: string, key: string) => string;
  /** The policy of this reader without any purpose. */
  readonly policyOf: (principal: Principal) => Policy;
  /** Sharing grants in force. */
  readonly grants: () => readonly SharingGrant[];
  readonly sealing: Pick<SealingOrders, 'find'>;
  readonly onError: (error: unknown) => void;
}
interface Term {
  readonly from: string | null;
  readonly to: string | null;
}
interface Task extends Term {
  readonly roles: readonly string[];
  /** Only for officers of this agency; null: of any. */
  readonly agency: string | null;
}
interface Matter extends Term {
  readonly agency: string;
}
interface CaseOfReader {
  readonly principal: Principal;
  readonly caseNo: string;
}
/** PostgreSQL plans each case separately. */
const casesPerStatement = 100;
type Register<T> = ReadonlyMap<string, readonly T[]>;

const tasksSql = `select code, roles, agency_code, valid_from, valid_to from hub_task where not deleted`;
const mattersSql = `select code, agency_code, valid_from, valid_to from hub_matter
  where not deleted and state = 'IN_FORCE' and hall_code is not null`;

interface Registers {
  readonly tasks: Register<Task>;
  readonly matters: Register<Matter>;
}

/** The end of a task or a matter takes effect within a second, in every process. */
export class Purposes extends PolledState<Registers> {
  constructor(private readonly ground: PurposeGround) {
    super({ tasks: new Map(), matters: new Map() }, () => registers(ground.read), ground.onError);
  }

  async checked(principal: Principal, stated: Purpose | null): Promise<CheckedPurpose> {
    if (!stated) return { purpose: null, purposeProblem: null };
    const purposeProblem =
      principal.role === 'public' ? 'it counts only with a token' : await this.problemOf(principal, stated);
    if (purposeProblem !== null) return { purpose: null, purposeProblem };
    if (stated.sealedBy === undefined) return { purpose: stated, purposeProblem };
    const sealedUntil = this.ground.sealing.find(stated.sealedBy, principal);
    if (sealedUntil !== null) return { purpose: { ...stated, sealedUntil }, purposeProblem };
    return { purpose: null, purposeProblem: 'no sealing order of yours that is in force has this number' };
  }

  private problemOf(principal: Principal, { kind, value }: Purpose): string | null | Promise<string | null> {
    if (rules[principal.role].personal[kind] === 'none') return `your role sees nobody whole for a ${kind}`;
    const today = townDay(new Date());
    if (kind === 'case') return this.caseProblem(principal, value);
    return kind === 'matter' ? this.matterProblem(principal, value, today) : this.taskProblem(principal, value, today);
  }

  private taskProblem({ role, agency }: Principal, code: string, today: string): string | null {
    const known = this.known.tasks.get(code);
    if (!known) return 'the register of tasks has no task with this code';
    const current = known.filter(task => holdsOn(task, today));
    if (!current.length) return 'the task is not in force today';
    const own = current.some(task => task.roles.includes(role) && (task.agency === null || task.agency === agency));
    return own ? null : 'the task is not one of your role';
  }

  /** An officer's matters are those of their agency, and those for which another agency shares its records with it. */
  private matterProblem({ role, agency }: Principal, code: string, today: string): string | null {
    const current = (this.known.matters.get(code) ?? []).filter(matter => holdsOn(matter, today));
    if (!current.length) return 'no matter that is in force here has this code';
    if (role !== 'officer' || current.some(matter => matter.agency === agency)) return null;
    const isShared = this.ground.grants().some(grant => grant.taker === agency && grant.matterCode === code);
    return isShared ? null : 'the matter is handled by another agency';
  }

  private async caseProblem(principal: Principal, caseNo: string): Promise<string | null> {
    const state = await this.cases.load({ principal, caseNo });
    // A reader who does not see the case must not learn whether it exists.
    if (state === null) return 'no case of yours has this number';
    return state === 'CLOSED' ? 'the case is closed' : null;
  }

  /** States of cases as far as each reader sees them: one statement for all who ask at the same moment. */
  private readonly cases = new DataLoader<CaseOfReader, string | null>(asked => this.statesOf(asked), {
    cache: false,
    maxBatchSize: casesPerStatement,
  });

  private async statesOf(asked: readonly CaseOfReader[]): Promise<(string | null)[]> {
    const { catalog, idOf, policyOf, read } = this.ground;
    const noun = catalog.stored('Case');
    const values: unknown[] = [];
    const bind = (value: unknown) => `$${values.push(value)}`;
    const states = asked.map(({ principal, caseNo }) => {
      const id = bind(idOf('Case', caseNo));
      const own = rowsSql(policyOf({ ...principal, purpose: null }).rows(noun), 't', catalog, bind);
      return `(select state from ${noun.table} t where id = ${id} and not deleted and ${own})`;
    });
    const [row] = await read(`select ${states.join(', ')}`, values);
    return row!;
  }
}

async function registers(read: Read): Promise<Registers> {
  const [tasks, matters] = await Promise.all([tasksSql, mattersSql].map(text => read(text, [])));
  return {
    tasks: byCode(tasks!, ([, roles, agency, from, to]) => ({
      roles: roles!.split('|'),
      agency: agency!,
      from: from!,
      to: to!,
    })),
    matters: byCode(matters!, ([, agency, from, to]) => ({ agency: agency!, from: from!, to: to! })),
  };
}

const holdsOn = ({ from, to }: Term, day: string): boolean =>
  (from === null || from <= day) && (to === null || day <= to);

/** Editions of a matter have the same code. */
function byCode<T>(rows: readonly (string | null)[][], read: (row: (string | null)[]) => T): Register<T> {
  const found = new Map<string, T[]>();
  for (const row of rows) found.set(row[0]!, [...(found.get(row[0]!) ?? []), read(row)]);
  return found;
}
