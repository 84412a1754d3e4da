/**
 * Unmasking (揭敏): a reader who must act on a masked record asks to see it whole, says why, and sees it whole for a
 * while.
 */
import { Arg, type ClassType, Ctx, Field, ID, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { rules } from '../../access/rules.ts';
import type { Catalog, StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import { demandReason } from '../../domain/reason.ts';
import { type RowAccess, readRow } from '../../query/row-access.ts';
import { fieldColumns } from '../../store/rows.ts';
import { newGrantId } from '../../store/unmask-grants.ts';
import type { Context } from '../request/context.ts';
import { readGlobalId } from '../request/global-id.ts';
import { noteAct } from '../request/noted-acts.ts';
import { DateTime } from './scalars.ts';

@ObjectType({ description: 'A record that its asker sees whole for a while; so it is noted · 揭敏授权' })
export class UnmaskedRecord {
  @Field(() => ID, { description: 'Stands in the audit log with what is read by it' }) grant!: string;
  @Field(() => ID, { description: 'The record' }) id!: string;
  @Field(() => DateTime, { description: 'From then on it is masked again, everywhere · 到期时间' }) until!: string;
}

export function unmaskResolvers(catalog: Catalog): ClassType[] {
  @Resolver()
  class Unmasking {
    @Mutation(() => UnmaskedRecord, {
      description:
        'Shows the asker one record whole for some minutes, wherever it stands; for roles that act on persons, with a ' +
        'purpose that holds, and so many times a day. The reason is noted before anything is shown, and reported to the ' +
        'person concerned · 申请揭敏',
    })
    async requestUnmask(
      @Arg('id', () => ID, { description: 'Of a record that you see' }) id: string,
      @Arg('reason', () => String, {
        description: 'Why, in 10 to 200 characters with five different letters; names nobody · 事由',
      })
      reason: string,
      @Arg('minutes', () => Int, { defaultValue: 15, description: 'For how long; what is most depends on the role' })
      minutes: number,
      @Ctx() context: Context,
    ): Promise<UnmaskedRecord> {
      demandRight(context, reason, minutes);
      const { noun, key } = readGlobalId(catalog, id);
      if (!context.policy.sees(noun)) throw new HubError('FORBIDDEN', `Your role may not see ${noun.kind.plural}`);
      if (!isMaskable(noun)) throw new HubError('BAD_USER_INPUT', `A ${noun.name} has no personal fields to unmask`);
      const row = await readRow(context.hub, context.policy, noun, key);
      if (!row) throw new HubError('BAD_USER_INPUT', 'No record that you may see has this id');
      return unmask(context, noun, { id: key, subjects: personsOf(context, noun, key, row) }, { reason, minutes });
    }
  }
  return [Unmasking];
}

function demandRight({ principal, hub }: Context, reason: string, minutes: number): void {
  const most = (hub.rules ?? rules)[principal.role].unmaskMinutes;
  if (!most || principal.subject === null) throw new HubError('FORBIDDEN', 'Your role may not unmask records');
  if (!principal.purpose)
    throw new HubError('FORBIDDEN', 'To unmask a record state for which case, matter or task you need it', {
      ...(principal.purposeProblem && { purposeProblem: principal.purposeProblem }),
    });
  if (minutes < 1 || minutes > most) throw new HubError('BAD_USER_INPUT', `\`minutes\` goes from 1 to ${most}`);
  demandReason(reason);
}

const isMaskable = (noun: StoredNoun): boolean =>
  [...noun.columns.values()].some(({ field }) => field.sensitivity === 'personal' || field.format?.personPrefix);

/** The persons concerned, as for reads: where no person is linked, the row itself stands for whom it names. */
function personsOf({ hub }: Context, noun: StoredNoun, id: string, { values }: RowAccess): readonly string[] {
  if (noun.name === 'Person') return [id];
  const columns: Readonly<Record<string, unknown>> = fieldColumns(noun, values, hub.identity);
  const links = noun.links.filter(({ target }) => target.name === 'Person').map(({ column }) => columns[column]);
  const linked = links.filter(link => typeof link === 'string');
  return linked.length ? linked : [id];
}

/** Notes the reason first, so that no grant is ever in force without one in the log. */
async function unmask(
  context: Context,
  noun: StoredNoun,
  { id: recordId, subjects }: { readonly id: string; readonly subjects: readonly string[] },
  { reason, minutes }: { readonly reason: string; readonly minutes: number },
): Promise<UnmaskedRecord> {
  const { principal, hub } = context;
  const { role, subject, agency, session, purpose } = principal;
  const reader = { role, subject, agency, session, purpose };
  const id = newGrantId();
  const noted = { kind: 'unmask', value: `${id} ${reason}`, under: `${purpose!.kind}:${purpose!.value}` };
  await noteAct(context, 'unmask', { purpose: noted, reason, subjects, counts: { minutes } });
  const maxPerDay = hub.audit.quotas.limitsOf(role).unmasked;
  const order = { id, role, subject: subject!, session, noun: noun.name, recordId, minutes, maxPerDay };
  const granted = await hub.unmasking.grant(order);
  if (granted === 'per day') throw await hub.audit.quotas.refusal(reader, 'unmasked', 1);
  if (granted !== 'at once') return { grant: id, id: `${noun.name}:${recordId}`, until: granted.until };
  throw new HubError('LIMIT_EXCEEDED', 'You have as many unmasked records as you may: wait until one is masked again', {
    what: 'unmasked records',
  });
}
