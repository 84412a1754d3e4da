/** A query that a list cannot express is a resolver of its own, with a statement in it. */
import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, Field, Float, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { casesByMonthSql } from '../cases-by-month.ts';

@ObjectType()
export class CasesOfMonth {
  @Field(() => String) month!: string;
  @Field(() => String, { nullable: true }) leadAgencyCode?: string;
  @Field(() => String, { nullable: true }) result?: string;
  @Field(() => Int) cases!: number;
  @Field(() => Float, { nullable: true }) meanDays?: number;
}

@Resolver()
export class CasesByMonthResolver {
  @Query(() => [CasesOfMonth])
  casesByMonth(
    @Arg('from', () => String) from: string,
    @Arg('to', () => String) to: string,
    @Arg('channels', () => [String], { nullable: true }) channels: string[] | undefined,
    @Ctx() { em }: { em: EntityManager },
  ): Promise<CasesOfMonth[]> {
    const text = casesByMonthSql(channels !== undefined)
      .replace('= any($3)', 'in (?)')
      .replaceAll(/\$\d/g, '?');
    return em.getConnection().execute(text, channels === undefined ? [from, to] : [from, to, channels]);
  }
}
