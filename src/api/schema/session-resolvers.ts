/** The mutation by which the security administrator (安全管理员) ends sessions. */
import { Arg, type ClassType, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { HubError } from '../../domain/error-codes.ts';
import { demandReason, reasonForm } from '../../domain/reason.ts';
import type { Context } from '../request/context.ts';
import { noteAct } from '../request/noted-acts.ts';
import { DateTime } from './scalars.ts';

const maxName = 200;

@ObjectType({ description: 'An ended session: its tokens are refused everywhere, its sockets closed · 已终止会话' })
export class EndedSession {
  @Field(() => String, { nullable: true, description: 'The session (sid)' }) session!: string | null;
  @Field(() => String, { nullable: true, description: 'Whose tokens of before are refused (sub)' })
  subject!: string | null;
  @Field(() => DateTime) endedAt!: string;
  @Field(() => DateTime, { description: 'No token that it concerns can be valid from then on' }) until!: string;
}

export function sessionResolvers(): ClassType[] {
  @Resolver()
  class Sessions {
    @Mutation(() => EndedSession, {
      description:
        'Ends a session, or everything that a subject has been given until now; for security administrators. ' +
        'Holds in every process of the hub within 2 s; a second time changes nothing. Noted with its reason first · 终止会话',
    })
    async endSession(
      @Arg('session', () => String, { nullable: true, description: 'The session (sid)' }) session: string | null,
      @Arg('subject', () => String, { nullable: true, description: 'A person or a system (sub)' })
      subject: string | null,
      @Arg('reason', () => String, { description: `Why, ${reasonForm} · 事由` }) reason: string,
      @Ctx() context: Context,
    ): Promise<EndedSession> {
      const { hub, policy, principal } = context;
      if (!policy.may('end sessions') || !principal.subject) {
        throw new HubError('FORBIDDEN', 'Sessions are ended by the security administrator');
      }
      const [about, name] = session ? (['session', session] as const) : (['subject', subject] as const);
      if (!name || (session && subject) || name.length > maxName) {
        throw new HubError('BAD_USER_INPUT', `Give either \`session\` or \`subject\`, of 1 to ${maxName} characters`);
      }
      demandReason(reason);
      await noteAct(context, 'end-session', { reason, about: { [about]: name } });
      const { endedAtMs, untilMs } = await hub.endSession({ about, name, endedBy: principal.subject });
      return {
        session: about === 'session' ? name : null,
        subject: about === 'subject' ? name : null,
        endedAt: new Date(endedAtMs).toISOString(),
        until: new Date(untilMs).toISOString(),
      };
    }
  }
  return [Sessions];
}
