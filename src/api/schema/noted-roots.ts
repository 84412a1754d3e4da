/**
 * Root fields that do something: each leaves an entry of its act in the log, also where it is refused or fails. A
 * mutation that is not listed here fails `npm run schema`, and one that notes nothing fails when it is called.
 */
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import type { AuditAct } from '../../domain/audit-acts.ts';
import type { Context } from '../request/context.ts';
import { noteFailedAct } from '../request/noted-acts.ts';

export const rootActs: Readonly<Record<string, AuditAct>> = {
  'Query.auditEntries': 'consult',
  'Query.explainAccess': 'explain',
  'Mutation.endSession': 'end-session',
  'Mutation.orderExport': 'export',
  'Mutation.orderSealing': 'seal',
  'Mutation.requestUnmask': 'unmask',
};

/** Throws where a mutation has no act, or an act no field. */
export function noteRoots(schema: GraphQLSchema): GraphQLSchema {
  const left = new Set(Object.keys(rootActs));
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const place = `${type!.name}.${field.name}`;
      const act = rootActs[place];
      left.delete(place);
      if (act) field.resolve = noted(place, act, field.resolve!);
      else if (type === schema.getMutationType())
        throw new Error(`${place} has no act: say in api/schema/noted-roots.ts what it leaves in the audit log`);
    }
  }
  if (left.size) throw new Error(`${[...left].join(', ')} of api/schema/noted-roots.ts is not in the schema`);
  return schema;
}

type Resolver = GraphQLFieldResolver<unknown, Context>;

const noted =
  (field: string, act: AuditAct, resolve: Resolver): Resolver =>
  async (source, args, context, info) => {
    const { acts } = context.trail;
    const before = acts.length;
    try {
      const result = await resolve(source, args, context, info);
      if (acts.slice(before).some(done => done.act === act)) return result;
      throw new Error(`${field} noted nothing: its resolver must call noteAct before it acts`);
    } catch (error) {
      const entry = acts.slice(before).find(done => done.act === act)?.entry ?? null;
      await noteFailedAct(context, { act, entry, field }, error);
      throw error;
    }
  };
