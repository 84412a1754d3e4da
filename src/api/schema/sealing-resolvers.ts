/** Sealing orders (隐匿查询批准): the security administrator writes down whose reads are left out of reports, and until when. */
import { Arg, type ClassType, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { HubError } from '../../domain/error-codes.ts';
import { townDay } from '../../domain/town-day.ts';
import type { Context } from '../request/context.ts';
import { noteAct } from '../request/noted-acts.ts';
import { LocalDate } from './scalars.ts';

/** The number of a written order, which also stands in a header and in the log. */
const aNumber = /^[^\s\p{C}][^\p{C}]{0,59}$/u;
const maxName = 200;
/** An order that has to last longer must be given anew. */
const maxDays = 366;

@ObjectType({ description: 'An order by which the reads of one reader are sealed · 隐匿查询批准' })
export class SealingOrderWritten {
  @Field({ description: 'Number of the written order · 批准文号' }) number!: string;
  @Field({ description: 'Whose reads it seals (sub) · 查询人' }) subject!: string;
  @Field(() => LocalDate, { description: 'Last day; on the day after it what was sealed opens by itself · 截止日期' })
  until!: string;
}

export function sealingResolvers(): ClassType[] {
  @Resolver()
  class Sealing {
    @Mutation(() => SealingOrderWritten, {
      description:
        'Writes down an order by which one reader may leave reads of a task out of the report to the person concerned ' +
        '(purpose `task:<code> sealed:<number>`) until its last day; for security administrators, noted in the log. ' +
        'An order is never changed · 登记隐匿查询批准',
    })
    async orderSealing(
      @Arg('number', () => String, { description: 'Number of the written order, up to 60 characters' }) number: string,
      @Arg('subject', () => String, { description: 'Whose reads (sub)' }) subject: string,
      @Arg('until', () => LocalDate, { description: 'Last day, within a year' }) until: string,
      @Ctx() context: Context,
    ): Promise<SealingOrderWritten> {
      const { hub, policy, principal } = context;
      if (!policy.may('order sealing') || !principal.subject)
        throw new HubError('FORBIDDEN', 'Sealing orders are written down by the security administrator');
      demandOrder(number, subject, until);
      if (subject === principal.subject)
        throw new HubError('BAD_USER_INPUT', 'You may not write down an order for your own reads');
      if (await hub.hasSealingOrder(number, subject)) throw orderedAlready();
      const purpose = { kind: 'seal', value: `${number} ${subject} ${until}` };
      await noteAct(context, 'seal', { purpose, reason: `order ${number}`, about: { subject, until } });
      if (await hub.orderSealing({ number, subject, until }, principal.subject)) return { number, subject, until };
      throw orderedAlready();
    }
  }
  return [Sealing];
}

const orderedAlready = () =>
  new HubError('BAD_USER_INPUT', 'There is already an order of this number for this reader; orders cannot be changed');

function demandOrder(number: string, subject: string, until: string): void {
  if (!aNumber.test(number))
    throw new HubError('BAD_USER_INPUT', '`number` should be the number of the order, on one line');
  if (!subject || subject.length > maxName)
    throw new HubError('BAD_USER_INPUT', `\`subject\` should be the reader's sub, of 1 to ${maxName} characters`);
  const [first, last] = [0, maxDays].map(days => townDay(new Date(Date.now() + days * 86_400_000))) as [string, string];
  if (until < first || until > last)
    throw new HubError('BAD_USER_INPUT', `\`until\` should be a day from today on, within ${maxDays} days`);
}
