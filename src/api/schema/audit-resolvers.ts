/** The report that the auditor (审计管理员) makes for a citizen: who read what about them, and why. */
import 'reflect-metadata';
import { Arg, type ClassType, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { residentId as residentIdFormat } from '../../../adapters/kit/identifiers/resident-id.ts';
import type { Entry } from '../../audit/entry.ts';
import { reportSubject } from '../../audit/subject-report.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { Context } from '../request/context.ts';
import { DateTime, Position } from './scalars.ts';

const largestReport = 500;

@ObjectType({ description: 'One read or write of personal data · 个人信息访问记录' })
export class PersonalDataAccess {
  @Field(() => Position, { description: 'Number of the entry in the audit log · 日志序号' }) entry!: number;
  @Field(() => DateTime) at!: string;
  @Field({ description: 'read or write' }) act!: string;
  @Field({ description: 'http, socket (updates that were pushed) or export' }) channel!: string;
  @Field({ description: 'Role of the reader · 角色' }) role!: string;
  @Field(() => String, { nullable: true, description: 'The reader, as their token names them · 访问人' })
  reader!: string | null;
  @Field(() => String, { nullable: true, description: 'Code of the agency that employs the reader · 所属部门' })
  agency!: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'case:<number>, matter:<code> or task:<code>, and the grants by which something was unmasked · 用途',
  })
  purpose!: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the operation' }) operation!: string | null;
  @Field(() => Int, { description: 'How many persons were seen by the same answer' }) persons!: number;
}

@ObjectType({ description: 'Who read or wrote what about a person, the latest first · 个人信息访问报告' })
export class DataSubjectReport {
  @Field(() => [PersonalDataAccess]) accesses!: PersonalDataAccess[];
  @Field({ description: 'There are older ones: ask again with `before`, the last entry of this report' })
  more!: boolean;
}

export function auditResolvers(catalog: Catalog): ClassType[] {
  @Resolver()
  class Audit {
    @Query(() => DataSubjectReport, {
      nullable: true,
      description:
        'For auditors. What the police have under seal is left out until it is released · 查询谁访问过本人信息',
    })
    async dataSubjectReport(
      @Arg('residentId', () => String, { description: 'Resident id · 公民身份号码' }) residentId: string,
      @Arg('first', () => Int, { nullable: true, defaultValue: 100, description: `At most ${largestReport}` })
      given: number | null,
      @Arg('before', () => Int, { nullable: true, description: 'Entries of smaller numbers only' })
      before: number | null,
      @Ctx() { hub, policy, trail }: Context,
    ): Promise<DataSubjectReport> {
      if (!policy.may('report')) throw new HubError('FORBIDDEN', 'Reports about a person are made by auditors');
      const first = given ?? 100;
      if (first < 1 || first > largestReport)
        throw new HubError('BAD_USER_INPUT', `\`first\` goes from 1 to ${largestReport}`);
      const key = residentIdFormat.normalise(residentId);
      if (residentIdFormat.faults(key).length) throw new HubError('BAD_USER_INPUT', 'The resident id is not valid');
      const subject = hub.identity.ofNoun(catalog.get('Person'), key);
      const { entries, more } = await reportSubject(hub.audit.log.settings.dir, subject, { first, before });
      // Nothing about the person is shown, but it is noted who asks about whom. A first page without entries counts as
      // a miss: the person may not exist.
      trail.sought({ persons: [subject], misses: entries.length || before ? 0 : 1, reads: false });
      return { accesses: entries.map(accessOf), more };
    }
  }
  return [Audit];
}

const accessOf = ({ seq, at, act, channel, who, purpose, operation, subjects, counts }: Entry): PersonalDataAccess => ({
  entry: seq,
  at,
  act,
  channel,
  role: who.role,
  reader: who.subject,
  agency: who.agency,
  purpose:
    purpose &&
    `${purpose.kind}:${purpose.value}${purpose.unmasked ? ` unmask:${purpose.unmasked}` : ''}${purpose.under ? ` for ${purpose.under}` : ''}`,
  operation: operation?.name ?? null,
  persons: counts.persons ?? subjects.count,
});
