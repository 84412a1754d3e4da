/** Fields that do not derive from a declaration: search, node, conflicts, freshness. */
import { Arg, type ClassType, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { Adapter } from '../../../adapters/kit/contract.ts';
import { describeAccess } from '../../access/explain.ts';
import { nobody, parsePurpose, roles } from '../../access/principal.ts';
import { isOfOneAgency, rules } from '../../access/rules.ts';
import type { Catalog, StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import { readRow } from '../../query/row-access.ts';
import type { FieldSource } from '../../query/selected-field.ts';
import { Context } from '../request/context.ts';
import { readGlobalId } from '../request/global-id.ts';
import { noteAct } from '../request/noted-acts.ts';
import { AccessExplanation, AgencyFreshness, AgencyRecord, Conflict, Node, ReaderInput } from './base-types.ts';
import type { DerivedTypes, Facts } from './derive-types.ts';

export function hubResolvers(types: DerivedTypes, catalog: Catalog, adapters: readonly Adapter[]): ClassType[] {
  @Resolver()
  class HubQueries {
    @Query(() => Node, { nullable: true, description: 'Whatever has this id · 按标识查询' })
    node(@Arg('id', () => ID) _id: string): null {
      return null;
    }

    @Query(() => [Node], {
      description: 'By name, or by an identifier in any spelling; the best known first · 一框搜索',
    })
    search(
      @Arg('text', () => String) _text: string,
      @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) _first: number,
    ): never[] {
      return [];
    }

    @Query(() => AccessExplanation, {
      nullable: true,
      description: 'Why a reader sees a record as they do: for administrators · 权限说明',
    })
    async explainAccess(
      @Arg('id', () => ID) id: string,
      @Arg('reader', () => ReaderInput) reader: ReaderInput,
      @Ctx() context: Context,
    ): Promise<AccessExplanation> {
      if (!context.policy.may('explain')) throw new HubError('FORBIDDEN', 'Your role may not ask what others see');
      const role = roles.find(r => r === reader.role);
      if (!role) throw new HubError('BAD_USER_INPUT', `The role is one of ${roles.join(', ')}`);
      const { subject = null, session = null, agency = null, host = null, village = null, purpose } = reader;
      const named = { subject, session, agency, host, village };
      const invented = { ...nobody(), ...named, role };
      const principal = { ...invented, ...(await context.hub.purposes.checked(invented, parsePurpose(purpose))) };
      const other = new Context(context.hub, principal);
      const { noun, key } = readGlobalId(catalog, id);
      const asked = { record: `${noun.name}:${key}`, role, ...(subject && { subject }), ...(purpose && { purpose }) };
      await noteAct(context, 'explain', { about: asked });
      const row = await readRow(context.hub, other.policy, noun, key);
      const access = describeAccess(other.policy, noun, row !== null, row?.whole ?? false, name => row?.values[name]);
      return { ...access, fields: Object.entries(access.fields).map(([name, view]) => ({ name, view })) };
    }
  }

  @Resolver(() => types.of('Agency').object)
  class Freshness {
    @FieldResolver(() => AgencyFreshness, { nullable: true, description: 'Null for agencies that are not connected' })
    async freshness(@Root() agency: { $code: string }, @Ctx() context: Context): Promise<AgencyFreshness | null> {
      const adapter = adapters.find(a => a.agency.code === agency.$code);
      if (!adapter) return null;
      const known = (await context.freshness()).get(adapter.agency.code);
      const lag = known?.caughtUpAt
        ? Math.max(0, Math.round((Date.now() - Date.parse(known.caughtUpAt)) / 1000))
        : null;
      return {
        modes: [...adapter.modes],
        protocol: adapter.agency.protocol,
        lastSuccessAt: known?.lastSuccessAt ?? null,
        caughtUpAt: known?.caughtUpAt ?? null,
        lagSeconds: lag,
        failingSince: known?.failingSince ?? null,
        failures: known?.failures ?? 0,
        error: maySeeFailure(context, adapter) ? (known?.error ?? null) : null,
        parked: known?.parked ?? 0,
        heldRemovals: known?.heldRemovals ?? 0,
        degraded: Boolean(known?.signs.length),
        signs: maySeeFailure(context, adapter) ? (known?.signs ?? []).map(inWords) : null,
      };
    }
  }

  const derived = ['Person', 'Organisation'].map(name => recordsAndConflicts(types, catalog.stored(name)));
  return [HubQueries, Freshness, ...derived];
}

/** An integrator sees failures of their own adapter, a system administrator those of all. */
const maySeeFailure = ({ policy, principal: { role, agency } }: Context, adapter: Adapter): boolean =>
  policy.may('parked') && (!isOfOneAgency(rules[role]) || agency === adapter.agency.code);

const inWords = ({ message, since }: { message: string; since: string }): string => `${message} (since ${since})`;

/**
 * What all agencies say of a person or an organisation, and where they differ. The fields are compiled: see
 * `handFacts`.
 */
function recordsAndConflicts(types: DerivedTypes, noun: StoredNoun): ClassType {
  @Resolver(() => types.of(noun.name).object)
  class About {
    @FieldResolver(() => [AgencyRecord], { description: 'Records of every agency, the latest first · 各部门记录' })
    records(@Arg('first', () => Int, { nullable: true, defaultValue: 20 }) _first: number): never[] {
      return [];
    }

    @FieldResolver(() => [Conflict], { description: 'Facts on which agencies differ: every value stays · 数据冲突' })
    conflicts(): never[] {
      return [];
    }
  }
  return About;
}

/** How fields that are declared by hand are read. */
export const handFacts: ReadonlyMap<string, Facts> = new Map(
  Object.entries({
    'Query.node': { kind: 'byId' },
    'Query.search': { kind: 'search' },
    'Person.records': { kind: 'records' },
    'Person.conflicts': { kind: 'conflicts' },
    'Organisation.records': { kind: 'records' },
    'Organisation.conflicts': { kind: 'conflicts' },
    'Conflict.claims': { kind: 'claims' },
    'Claim.record': { kind: 'record' },
    'Agency.freshness': { kind: 'elsewhere', needs: ['code'] },
  } satisfies Record<string, FieldSource>).map(([name, read]) => [name, { read }]),
);
