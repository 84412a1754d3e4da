/** The subscription by the book: TypeGraphQL's, over GraphQL Yoga's pubsub, filtered for each subscriber. */
import { createPubSub } from '@graphql-yoga/subscription';
import pg from 'pg';
import { Arg, Field, Int, ObjectType, Resolver, Root, Subscription } from 'type-graphql';
import { eventChannel } from '../fan-out-event.ts';

@ObjectType()
export class ApprovalEvent {
  @Field(() => Int) position!: number;
  @Field(() => String) kind!: string;
  @Field(() => String) agency!: string;
  @Field(() => String) caseNo!: string;
  @Field(() => String) stepNo!: string;
  @Field(() => String) name!: string;
  @Field(() => String) state!: string;
  @Field(() => String, { nullable: true }) outcome?: string;
  @Field(() => String, { nullable: true }) handlerName?: string;
  @Field(() => String, { nullable: true }) endedAt?: string;
  @Field(() => Int) dataVersion!: number;
}

const topic = 'APPROVAL';
export const pubSub = createPubSub<Record<string, [ApprovalEvent]>>();

@Resolver()
export class EventResolver {
  @Subscription(() => ApprovalEvent, {
    topics: topic,
    filter: ({ payload, args }: { payload: ApprovalEvent; args: { agency: string } }) => payload.agency === args.agency,
  })
  approvalChanged(@Root() event: ApprovalEvent, @Arg('agency', () => String) _agency: string): ApprovalEvent {
    return event;
  }
}

export async function publishNotifications(databaseUrl: string): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  client.on('notification', ({ payload }) => pubSub.publish(topic, JSON.parse(payload!)));
  await client.query(`listen ${eventChannel}`);
}
