/** The fields that no declaration gives: search, node, conflicts, freshness, the stream of changes. */
import { Arg, type ClassType, Ctx, FieldResolver, ID, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { Adapter } from '../../adapters/kit/contract.ts';
import { describeAccess } from '../access/explain.ts';
import { maskValue } from '../access/masks.ts';
import { nobody, parsePurpose, roles } from '../access/principal.ts';
import { isOfOneAgency, rules } from '../access/rules.ts';
import { type Catalog, isStored, type StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import type { Change } from '../feed/tail.ts';
import type { ClaimRow } from '../query/reader.ts';
import { compareInstants, type RecordRow } from '../query/record-row.ts';
import {
  AccessExplanation,
  AgencyFreshness,
  AgencyRecord,
  ChangeEvent,
  Claim,
  Conflict,
  Node,
  ReaderInput,
} from './base-types.ts';
import { type ChangesArgs, followChanges, positionCursor } from './change-stream.ts';
import { Context } from './context.ts';
import type { DerivedTypes } from './derive-types.ts';
import { readGlobalId } from './global-id.ts';

/** Nouns that a search looks through, those that a clerk means most often first. */
const searchedNouns = ['Person', 'Organisation', 'Case', 'Licence', 'Matter', 'PowerListEntry', 'Region', 'Agency'];
const largestSearch = 50;
const largestRecords = 200;

export function hubResolvers(types: DerivedTypes, catalog: Catalog, adapters: readonly Adapter[]): ClassType[] {
  @Resolver()
  class HubQueries {
    @Query(() => Node, { nullable: true, description: 'Whatever has this id · 按标识查询' })
    async node(@Arg('id', () => ID) id: string, @Ctx() context: Context): Promise<object | null> {
      const { noun, key } = readGlobalId(catalog, id);
      context.reader.demand(noun);
      return context.one(noun, key);
    }

    @Query(() => AccessExplanation, {
      nullable: true,
      description: 'Why a reader sees a record as he does: for administrators · 权限说明',
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
      const principal = { ...nobody(), ...named, role, purpose: parsePurpose(purpose) };
      const other = new Context(context.hub, principal);
      const { noun, key } = readGlobalId(catalog, id);
      const row = await other.one(noun, key);
      // A masked value still begins as the whole one does.
      const access = describeAccess(other.policy, noun, row !== null, row?.$whole ?? false, name => row?.[name]);
      return { ...access, fields: Object.entries(access.fields).map(([name, view]) => ({ name, view })) };
    }

    @Query(() => [Node], {
      description: 'By name, or by an identifier in any spelling; the best known first · 一框搜索',
    })
    async search(
      @Arg('text', () => String) text: string,
      @Arg('first', () => Int, { defaultValue: 20 }) first: number,
      @Ctx() context: Context,
    ): Promise<RecordRow[]> {
      if (text.trim() === '' || text.length > 100)
        throw new HubError('BAD_USER_INPUT', 'Search for 1 to 100 characters');
      if (first < 1 || first > largestSearch)
        throw new HubError('BAD_USER_INPUT', `\`first\` goes from 1 to ${largestSearch}`);
      const nouns = searchedNouns.map(name => catalog.stored(name));
      const found = await Promise.all(nouns.map(noun => context.reader.search(noun, text.trim(), first)));
      return found.flat().slice(0, first);
    }
  }

  @Resolver()
  class Feed {
    @Subscription(() => ChangeEvent, {
      description: 'Changes of cases, approvals and every other kind, in order; without `after` from now on · 变更推送',
      subscribe: ({ context, args }) => followChanges(context as Context, args as ChangesArgs),
    })
    changes(
      @Arg('agencies', () => [String], { nullable: true, description: 'Codes of agencies; all without it' })
      _agencies: string[],
      @Arg('kinds', () => [String], { nullable: true, description: 'Types: Case, Approval, ...; all without it' })
      _kinds: string[],
      @Arg('caseNo', () => String, { nullable: true }) _caseNo: string,
      @Arg('after', () => String, { nullable: true, description: 'Cursor of the last change that was processed' })
      _after: string,
      @Root() change: Change,
    ): ChangeEvent {
      return { ...change, cursor: positionCursor(change.position), node: null };
    }
  }

  @Resolver(() => ChangeEvent)
  class ChangedNode {
    @FieldResolver(() => Node, { nullable: true })
    node(@Root() change: Change, @Ctx() context: Context): Promise<RecordRow | null> | null {
      return change.deleted ? null : context.one(catalog.stored(change.kind), change.recordId);
    }
  }

  @Resolver(() => Claim)
  class ClaimedRecord {
    @FieldResolver(() => AgencyRecord, { nullable: true })
    record(@Root() claim: ClaimRow, @Ctx() context: Context): Promise<RecordRow | null> {
      return context.one(catalog.stored(claim.kind), claim.recordId);
    }
  }

  @Resolver(() => types.of('Agency').object)
  class Freshness {
    @FieldResolver(() => AgencyFreshness, { nullable: true, description: 'Null for agencies that are not connected' })
    async freshness(@Root() agency: RecordRow, @Ctx() context: Context): Promise<AgencyFreshness | null> {
      const adapter = adapters.find(a => a.agency.code === agency.code);
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
      };
    }
  }

  const derived = ['Person', 'Organisation'].map(name => recordsAndConflicts(types, catalog.stored(name)));
  return [HubQueries, Feed, ChangedNode, ClaimedRecord, Freshness, ...derived];
}

/** An integrator looks after his own adapter, a system administrator after all. */
const maySeeFailure = ({ policy, principal: { role, agency } }: Context, adapter: Adapter): boolean =>
  policy.may('parked') && (!isOfOneAgency(rules[role]) || agency === adapter.agency.code);

/** What all agencies say of a person or an organisation, and where they differ. */
function recordsAndConflicts(types: DerivedTypes, noun: StoredNoun): ClassType {
  @Resolver(() => types.of(noun.name).object)
  class About {
    @FieldResolver(() => [AgencyRecord], { description: 'Records of every agency, the latest first · 各部门记录' })
    async records(
      @Root() row: RecordRow,
      @Arg('first', () => Int, { defaultValue: 20 }) first: number,
      @Ctx() context: Context,
    ): Promise<RecordRow[]> {
      if (first < 0 || first > largestRecords)
        throw new HubError('BAD_USER_INPUT', `\`first\` goes from 0 to ${largestRecords}`);
      const relations = [...noun.relations.values()].filter(
        r => r.many && !r.live && isStored(r.to) && r.to.origin !== 'derived' && context.policy.sees(r.to),
      );
      const args = { first, orderBy: ['observedAt desc'] };
      const pages = await Promise.all(relations.map(r => context.page(r.to as StoredNoun, args, r, row.$id)));
      const unique = new Map(pages.flatMap(page => page.rows).map(record => [record.$id, record]));
      const latestFirst = (a: RecordRow, b: RecordRow) =>
        compareInstants(b.observedAt, a.observedAt) || (a.$id < b.$id ? -1 : 1);
      return [...unique.values()].sort(latestFirst).slice(0, first);
    }

    @FieldResolver(() => [Conflict], { description: 'Facts on which agencies differ: every value stays · 数据冲突' })
    async conflicts(@Root() row: RecordRow, @Ctx() context: Context): Promise<Conflict[]> {
      const claims = await visibleClaims(row, context);
      const byFact = Map.groupBy(claims, claim => claim.fact);
      const differing = [...byFact].filter(([, list]) => new Set(list.map(c => comparable(c.value))).size > 1);
      return differing.map(([fact, list]) => ({ fact, claims: list.map(claim => masked(context, claim)) as never }));
    }
  }

  /** Claims of records that the reader may see, with whether he sees the record whole. */
  async function visibleClaims(row: RecordRow, context: Context): Promise<SeenClaim[]> {
    const claims = await context.claims(noun, row.$id);
    const records = await Promise.all(
      claims.map(({ kind, recordId }) => context.one(context.hub.catalog.stored(kind), recordId)),
    );
    return claims.flatMap((claim, i) => (records[i] ? [{ ...claim, whole: records[i].$whole }] : []));
  }
  function masked(context: Context, claim: SeenClaim): Omit<SeenClaim, 'value'> & { value: unknown } {
    const view = context.policy.field(noun, claim.fact, claim.whole);
    if (view === 'whole') return claim;
    return { ...claim, value: maskValue(view, noun.columns.get(claim.fact)!.field.scalar, claim.value) };
  }
  return About;
}

type SeenClaim = ClaimRow & { readonly whole: boolean };

/** Spellings that nobody would call a difference: width, spaces, and the three dots of ethnic names. */
const comparable = (value: string) =>
  value
    .normalize('NFKC')
    .replaceAll(/\s/g, '')
    .replaceAll(/[•．・.]/g, '·');
