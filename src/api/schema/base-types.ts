/** Types that do not derive from a declaration: what every record has, pages, conflicts, freshness, changes. */
import 'reflect-metadata';
import { Field, ID, InputType, Int, InterfaceType, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.ts';

export const maskedDescription =
  'Fields of this record that you see masked, whether or not they have a value; by purpose and grant · 对当前读者脱敏的字段';

@InterfaceType({ description: 'Anything that can be found again by its id · 节点' })
export abstract class Node {
  @Field(() => ID, { description: 'Stable; opaque to clients' }) id!: string;
  @Field(() => [String], { description: maskedDescription }) masked!: string[];
}

@ObjectType({ description: 'Where a record comes from · 数据来源' })
export class RecordSource {
  @Field({ description: 'Code of the agency that states it · 来源部门' }) agency!: string;
  @Field({ description: "The record's id in the agency's system · 来源主键" }) sourceId!: string;
  @Field({ description: 'Orders what the source said about this record over time · 来源版本' }) version!: string;
}

@ObjectType({ description: 'How the source spelled an identifier, and what was wrong with it · 原始写法' })
export class Spelling {
  @Field({ description: 'The field of this record' }) field!: string;
  @Field(() => String, { nullable: true, description: 'As the source wrote it · 原值' }) raw!: string | null;
  @Field(() => String, { nullable: true, description: 'In the one spelling · 规范值' }) normalised!: string | null;
  @Field(() => [String], { description: 'Why it is not valid; empty when it is · 错误' }) faults!: string[];
}

@InterfaceType({ implements: Node, description: 'What one agency states · 部门记录' })
export abstract class AgencyRecord extends Node {
  @Field(() => RecordSource) source!: RecordSource;
  @Field(() => DateTime, {
    nullable: true,
    description: 'Since when the hub knows it so; null where it reveals something personal that is masked · 采集时间',
  })
  observedAt!: string | null;
  @Field(() => DateTime, { nullable: true, description: 'When it was true at the source · 数据时点' }) asOf!:
    | string
    | null;
  @Field(() => [Spelling], { description: 'Identifiers whose spelling was mended or is not valid · 标识符写法' })
  spellings!: Spelling[];
}

@ObjectType({ description: 'Where a page lies in its list · 分页信息' })
export class PageInfo {
  @Field() hasNextPage!: boolean;
  @Field() hasPreviousPage!: boolean;
  @Field(() => String, { nullable: true }) startCursor!: string | null;
  @Field(() => String, { nullable: true }) endCursor!: string | null;
}

@ObjectType({ description: 'What one agency says of a fact · 部门主张' })
export class Claim {
  @Field(() => String, { nullable: true, description: 'Masked for readers who may not see it whole' }) value!:
    | string
    | null;
  @Field({ description: 'Code of the agency' }) agency!: string;
  @Field({ description: 'Kind of record that says so' }) kind!: string;
  @Field(() => AgencyRecord, { nullable: true, description: 'The record itself' }) record!: object | null;
  @Field(() => DateTime, { nullable: true }) observedAt!: string | null;
  @Field(() => DateTime, { nullable: true }) asOf!: string | null;
}

@ObjectType({ description: 'A fact on which agencies differ; nothing is merged silently · 数据冲突' })
export class Conflict {
  @Field({ description: 'The field of the person or organisation: name, birthDate, address, ...' }) fact!: string;
  @Field(() => [Claim], { description: 'Every value that is said, with who says it' }) claims!: Claim[];
}

@ObjectType({ description: "How up to date an agency's records are · 数据新鲜度" })
export class AgencyFreshness {
  @Field(() => [String], { description: 'How records come: changes, full, delta, push, lookup · 接入方式' })
  modes!: string[];
  @Field({ description: 'Protocol of the agency · 协议' }) protocol!: string;
  @Field(() => DateTime, { nullable: true, description: 'Last answer of the agency · 最近成功' }) lastSuccessAt!:
    | string
    | null;
  @Field(() => DateTime, { nullable: true, description: 'When nothing more was waiting there' }) caughtUpAt!:
    | string
    | null;
  @Field(() => Int, { nullable: true, description: 'Seconds since then: how old an answer may be · 滞后（秒）' })
  lagSeconds!: number | null;
  @Field(() => DateTime, { nullable: true, description: 'Since when it fails · 故障开始' }) failingSince!:
    | string
    | null;
  @Field(() => Int, { description: 'Failures in a row' }) failures!: number;
  @Field(() => String, { nullable: true, description: 'What failed last, for its integrator' }) error!: string | null;
  @Field(() => Int, { description: 'Items that wait for their integrator · 待处理记录' }) parked!: number;
  @Field(() => Int, { description: 'Mass removals that wait to be confirmed · 待确认的批量删除' })
  heldRemovals!: number;
  @Field({ description: 'What the agency sends looks wrong, although it is read; `signs` say how · 数据是否异常' })
  degraded!: boolean;
  @Field(() => [String], {
    nullable: true,
    description: 'What, how much and since when; for its integrator and operators, null for other readers · 异常明细',
  })
  signs!: readonly string[] | null;
}

@InputType({ description: 'A reader as their token would name them · 读者' })
export class ReaderInput {
  @Field({ description: 'clerk, officer, village-agent, ...' }) role!: string;
  @Field(() => String, { nullable: true, description: 'Their name (sub): what they unmasked counts too' }) subject!:
    | string
    | null;
  @Field(() => String, { nullable: true, description: 'The session (sid) for which they unmasked it' }) session!:
    | string
    | null;
  @Field(() => String, { nullable: true, description: 'Agency that employs the reader' }) agency!: string | null;
  @Field(() => String, { nullable: true, description: 'Agency code of the town the reader works for' }) host!:
    | string
    | null;
  @Field(() => String, { nullable: true, description: 'Village of a village agent, 12 digits' }) village!:
    | string
    | null;
  @Field(() => String, { nullable: true, description: 'case:<number>, matter:<code> or task:<words>' }) purpose!:
    | string
    | null;
}

@ObjectType({ description: 'How one field looks to a reader' })
export class FieldAccess {
  @Field() name!: string;
  @Field({ description: 'whole, or the name of the mask' }) view!: string;
}

@ObjectType({ description: 'Why a reader sees a record as they do; holds nothing of the record · 权限说明' })
export class AccessExplanation {
  @Field() visible!: boolean;
  @Field({ description: 'Which rows of this type the reader sees, in words' }) rows!: string;
  @Field({ description: 'Personal fields of this record are shown whole' }) whole!: boolean;
  @Field({ description: 'Of which rows they are, in words' }) wholeRows!: string;
  @Field(() => [FieldAccess], { description: 'Empty when the record is not visible' }) fields!: FieldAccess[];
}
