/** The audit log in the graph: a page of it for each role that may read some of it (审计日志). */
import 'reflect-metadata';
import { Arg, type ClassType, Ctx, Field, Int, ObjectType, Query, Resolver, registerEnumType } from 'type-graphql';
import { isOfOneAgency, rules } from '../../access/rules.ts';
import type { Entry } from '../../audit/entry.ts';
import { readLogPage } from '../../audit/log-page.ts';
import { type AuditAct, auditActNames, auditActs } from '../../domain/audit-acts.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { Context } from '../request/context.ts';
import { noteAct } from '../request/noted-acts.ts';
import { DateTime, Position } from './scalars.ts';

const largestPage = 200;

const nameOf = (act: AuditAct): string => act.toUpperCase().replaceAll('-', '_');
const actEnum = Object.fromEntries(auditActNames.map(act => [nameOf(act), act]));
registerEnumType(actEnum, {
  name: 'AuditAct',
  description: 'What an entry of the audit log is about · 日志类型',
  valuesConfig: Object.fromEntries(
    auditActNames.map(act => [nameOf(act), { description: `${auditActs[act].en} · ${auditActs[act].zh}` }]),
  ),
});

@ObjectType({ description: 'One thing that an act concerned, in words · 明细' })
export class AuditDetail {
  @Field({ description: 'code, field, problem, record, session, ...' }) name!: string;
  @Field() value!: string;
}

@ObjectType({ description: 'One entry of the audit log; names no person of whom something was read · 日志条目' })
export class AuditEntry {
  @Field(() => Position, { description: 'Number of the entry · 日志序号' }) entry!: number;
  @Field(() => DateTime) at!: string;
  @Field(() => actEnum, { description: 'What was done or tried · 类型' }) act!: string;
  @Field(() => String, {
    nullable: true,
    description: 'allowed, refused, or failed after it was allowed; null where only what was done is noted · 结果',
  })
  outcome!: string | null;
  @Field({ description: 'Role of whoever did it; `agency`, `hub`, or `several` where readers were counted together' })
  role!: string;
  @Field(() => String, { nullable: true, description: 'Who, as their token names them · 操作人' }) actor!:
    | string
    | null;
  @Field(() => String, { nullable: true, description: 'Code of the agency that employs them · 所属部门' })
  agency!: string | null;
  @Field(() => String, { nullable: true, description: 'Why, as they wrote it · 事由' }) reason!: string | null;
  @Field(() => String, { nullable: true, description: 'case:<number>, matter:<code> or task:<code> · 用途' })
  purpose!: string | null;
  @Field(() => [AuditDetail], { description: 'What it concerned · 明细' }) details!: AuditDetail[];
  @Field(() => Int, { description: 'How often it happened: floods of refusals are counted by the minute · 次数' })
  times!: number;
  @Field(() => Int, { description: 'Readers who saw the same answer · 阅读人数' }) readers!: number;
  @Field(() => Int, { description: 'Persons who were shown or looked for · 涉及人数' }) persons!: number;
  @Field(() => String, { nullable: true, description: 'Name of the operation or the command' }) operation!:
    | string
    | null;
  @Field({ description: 'http, socket, export, command (a terminal) or hub' }) channel!: string;
  @Field({ description: 'Version of the rules that decided · 规则版本' }) policy!: string;
}

@ObjectType({ description: 'A page of the audit log, the newest entry first · 审计日志' })
export class AuditEntries {
  @Field(() => [AuditEntry]) nodes!: AuditEntry[];
  @Field(() => Position, {
    nullable: true,
    description: 'Ask again with this as `before`; null when nothing older is left. A page may be short · 下一页',
  })
  next!: number | null;
}

export function auditEntryResolvers(): ClassType[] {
  @Resolver()
  class AuditEntryQueries {
    @Query(() => AuditEntries, {
      nullable: true,
      description:
        'The audit log, as far as the role may read it (schema/access.md); reading it is noted too. Sealed entries are left ' +
        'out until their order has ended · 查阅审计日志',
    })
    async auditEntries(
      @Arg('first', () => Int, { defaultValue: 50, description: `At most ${largestPage}` }) first: number,
      @Arg('before', () => Int, { nullable: true, description: 'Entries of smaller numbers only' })
      before: number | null | undefined,
      @Arg('acts', () => [actEnum], {
        nullable: true,
        description: 'Of these acts only; without it, of all you may read',
      })
      acts: AuditAct[] | null | undefined,
      @Arg('since', () => DateTime, { nullable: true, description: 'From this moment on' }) since:
        | string
        | null
        | undefined,
      @Arg('until', () => DateTime, { nullable: true, description: 'Before this moment' }) until:
        | string
        | null
        | undefined,
      @Ctx() context: Context,
    ): Promise<AuditEntries> {
      const { hub, policy, principal } = context;
      demandReadable(policy.readsOfLog, acts);
      if (first < 1 || first > largestPage)
        throw new HubError('BAD_USER_INPUT', `\`first\` goes from 1 to ${largestPage}`);
      const asked = new Set(acts ?? policy.readsOfLog);
      const agency = isOfOneAgency((hub.rules ?? rules)[principal.role]) ? principal.agency : null;
      await noteAct(context, 'consult', {
        about: { acts: [...asked].join(' '), ...(before && { before: `${before}` }) },
      });
      const { dir } = hub.audit.log.settings;
      const { entries, next } = await readLogPage(dir, {
        acts: asked,
        agency,
        first,
        before: before ?? null,
        since: since ?? null,
        until: until ?? null,
      });
      return { nodes: entries.map(shown), next };
    }
  }
  return [AuditEntryQueries];
}

function demandReadable(readable: readonly AuditAct[], asked: readonly AuditAct[] | null | undefined): void {
  if (!readable.length) throw new HubError('FORBIDDEN', 'Your role reads nothing of the audit log');
  const others = asked?.filter(act => !readable.includes(act)) ?? [];
  if (!others.length) return;
  const names = others.map(nameOf).join(', ');
  throw new HubError('FORBIDDEN', `Your role may not read ${names} in the audit log: leave them out of \`acts\``);
}

const shown = (entry: Entry): AuditEntry => ({
  entry: entry.seq,
  at: entry.at,
  act: entry.act,
  outcome: entry.outcome ?? null,
  role: entry.who.role,
  actor: entry.who.subject,
  agency: entry.who.agency,
  reason: entry.reason ?? null,
  purpose: entry.purpose && `${entry.purpose.kind}:${entry.purpose.value}`,
  details: Object.entries({ ...entry.about, ...numbers(entry.of) }).map(([name, value]) => ({ name, value })),
  times: entry.counts.times ?? 1,
  readers: 1 + (entry.others?.length ?? 0),
  persons: entry.counts.persons ?? entry.subjects.count,
  operation: entry.operation?.name ?? null,
  channel: entry.channel,
  policy: entry.policy,
});
const numbers = (of: Entry['of'] = {}) => Object.fromEntries(Object.entries(of).map(([name, n]) => [name, String(n)]));
