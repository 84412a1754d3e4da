/** What the hub knows of whoever asks, and what they may ask for: told from the policy and the limits in force. */
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
} from 'graphql';
import { type ClassType, Ctx, Field, FieldResolver, Float, Info, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { type PersonLimits, roleLimits } from '../../access/limits.ts';
import type { Purpose } from '../../access/principal.ts';
import { hasFeature, rules } from '../../access/rules.ts';
import { type Catalog, isStored, type Noun } from '../../catalog/catalog.ts';
import { Context } from '../request/context.ts';
import { handwrittenClass } from './field-classes.ts';
import { DateTime } from './scalars.ts';

@ObjectType({ description: 'How much of something is allowed in a day, and left today · 每日限额' })
class DayQuota {
  @Field(() => Int, { description: 'In a day of the town · 每日上限' }) most!: number;
  @Field(() => Int, { description: 'Left today, over all windows and devices of this reader · 今日剩余' })
  left!: number;
}

@ObjectType({ description: 'How much this reader may ask · 使用限额' })
class ViewerLimits {
  @Field(() => Int, { description: 'Most cost units of one request · 单次成本上限' }) costPerRequest!: number;
  @Field(() => Float, { description: 'Cost units of a minute · 每分钟成本预算' }) costPerMinute!: number;
  @Field(() => Int, {
    nullable: true,
    description: 'Longest time for which a record may be unmasked, in minutes; null: never · 揭敏最长分钟数',
  })
  unmaskMinutes!: number | null;
  @Field(() => DayQuota, { description: 'Different persons shown whole · 完整查看人数' }) persons!: DayQuota;
  @Field(() => DayQuota, { description: 'Records unmasked · 揭敏次数' }) unmasked!: DayQuota;
  @Field(() => DayQuota, { description: 'Searches for persons that find nobody · 查无此人次数' }) misses!: DayQuota;
}

@ObjectType({ description: 'A field of a query, mutation or subscription that this reader may ask for · 可用字段' })
class AskableField {
  @Field({ description: 'query, mutation or subscription · 操作类型' }) operation!: string;
  @Field({ description: 'The name of the field · 字段名' }) name!: string;
  @Field(() => String, { nullable: true, description: 'The kind of record that it shows, if it is one · 记录类型' })
  kind!: string | null;
  @Field(() => [String], {
    description:
      'Kinds of purpose (case, matter, task) for which persons in it are shown whole, in rows that the purpose covers; ' +
      'empty: never, or it shows nothing personal · 可完整查看的目的类型',
  })
  wholeFor!: string[];
}

@ObjectType({ description: 'Who asks, as the hub takes them: reset caches when it changes · 当前读者' })
class Viewer {
  @Field({ description: 'The role; public without a token · 角色' }) role!: string;
  @Field(() => String, { nullable: true, description: "The token's subject (sub) · 账号" }) subject!: string | null;
  @Field(() => String, { nullable: true, description: 'Code of the own agency · 派出部门' }) agency!: string | null;
  @Field(() => String, { nullable: true, description: 'Code of the organisation worked for · 属地' })
  host!: string | null;
  @Field(() => String, { nullable: true, description: 'Code of the own village · 所在村' }) village!: string | null;
  @Field(() => String, { nullable: true, description: 'The stated purpose, while it holds · 使用目的' })
  purpose!: string | null;
  @Field(() => String, { nullable: true, description: 'Why a stated purpose does not hold · 目的不成立的原因' })
  purposeProblem!: string | null;
  @Field(() => DateTime, { nullable: true, description: 'Until when the token is accepted · 令牌有效期' })
  tokenExpiresAt!: string | null;
}

export function viewerResolvers(catalog: Catalog): ClassType[] {
  @Resolver(() => Viewer)
  class Viewing {
    @Query(() => Viewer, { description: 'Who you are to the hub, and what you may ask for · 当前读者' })
    viewer(@Ctx() { principal }: Context): Viewer {
      const { role, subject, agency, host, village, purpose, purposeProblem, token } = principal;
      return {
        ...{ role, subject, agency, host, village, purposeProblem },
        purpose: purpose && wordsOf(purpose),
        tokenExpiresAt: token && new Date(token.expiresAtMs).toISOString(),
      };
    }

    @FieldResolver(() => ViewerLimits, { description: 'How much you may ask · 使用限额' })
    async limits(@Ctx() { hub, principal }: Context): Promise<ViewerLimits> {
      const { costPerRequest, costPerMinute } = roleLimits[principal.role];
      const { quotas } = hub.audit;
      const [most, used] = [quotas.limitsOf(principal.role), await quotas.usedToday(principal)];
      const day = (of: keyof PersonLimits) => ({ most: most[of], left: Math.max(0, most[of] - used[of]) });
      return {
        costPerRequest,
        costPerMinute: costPerMinute * hub.budgetFactor,
        unmaskMinutes: (hub.rules ?? rules)[principal.role].unmaskMinutes || null,
        persons: day('persons'),
        unmasked: day('unmasked'),
        misses: day('misses'),
      };
    }

    @FieldResolver(() => [AskableField], {
      description: 'What you may ask for, with the purpose stated now · 可用字段',
    })
    mayAsk(@Ctx() context: Context, @Info() { schema }: GraphQLResolveInfo): AskableField[] {
      return askable(schema, catalog, context);
    }
  }
  return [Viewing];
}

const wordsOf = ({ kind, value, sealedBy }: Purpose) => `${kind}:${value}${sealedBy ? ` sealed:${sealedBy}` : ''}`;

function askable(schema: GraphQLSchema, catalog: Catalog, context: Context): AskableField[] {
  const types = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];
  const stating = contextsByPurpose(context);
  const wholeFor = (noun: Noun) =>
    [...stating].flatMap(([kind, { policy }]) => (hasPersons(noun) && policy.whole(noun) !== 'none' ? [kind] : []));
  return types.flatMap(type =>
    Object.values(type.getFields()).flatMap(field => {
      const noun = nounOf(field, catalog);
      if ((noun && !context.policy.sees(noun)) || !isOpenTo(context, type, field)) return [];
      const operation = type.name.toLowerCase();
      return [{ operation, name: field.name, kind: noun?.name ?? null, wholeFor: noun ? wholeFor(noun) : [] }];
    }),
  );
}

/** The kind that a field shows: of its list or record, or of the rows of its events. */
function nounOf(field: GraphQLField<unknown, unknown>, catalog: Catalog): Noun | null {
  const type = getNamedType(field.type);
  const nodes = isObjectType(type) ? type.getFields().nodes : undefined;
  return catalog.nouns.get(nodes ? getNamedType(nodes.type).name : type.name) ?? null;
}

function isOpenTo({ hub, principal }: Context, type: GraphQLObjectType, { name }: { name: string }): boolean {
  const known = handwrittenClass(`${type.name}.${name}`);
  if (typeof known !== 'object') return true;
  return hasFeature((hub.rules ?? rules)[principal.role], known.only);
}

/** The same reader with a purpose of each kind; what is unmasked now is no matter of purposes. */
function contextsByPurpose({ hub, principal }: Context): Map<Purpose['kind'], Context> {
  const { grant } = hub.unmasking;
  const without = { ...hub, unmasking: { of: () => [], grant: grant.bind(hub.unmasking) } };
  const kinds = ['case', 'matter', 'task'] as const;
  return new Map(kinds.map(kind => [kind, new Context(without, { ...principal, purpose: { kind, value: '' } })]));
}

const hasPersons = (noun: Noun): boolean =>
  [...noun.columns.values()].some(({ field }) => field.sensitivity === 'personal' || field.format?.personPrefix) ||
  !isStored(noun);
