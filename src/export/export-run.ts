/**
 * One export: its pages, read one after the other as of one moment, under the reader's policy, cost budget and audit
 * trail.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { Principal } from '../access/principal.ts';
import { unauthenticated } from '../access/tokens.ts';
import type { AdmissionControl } from '../api/admission/admission-control.ts';
import type { CompiledAnswers } from '../api/queries/compiled-answers.ts';
import { noteAnswer } from '../api/request/audited-answers.ts';
import { Context, type Hub } from '../api/request/context.ts';
import type { Presence } from '../api/request/presence.ts';
import type { RequestPipeline } from '../api/transport/request-pipeline.ts';
import { operationOf } from '../audit/trail.ts';
import { HubError } from '../domain/error-codes.ts';
import { columnsOf, type ExportColumn, type ExportRow } from './columns.ts';
import type { ExportPlan } from './plan.ts';

export interface ExportGround {
  readonly schema: GraphQLSchema;
  readonly answers: CompiledAnswers;
  readonly hub: Hub;
  readonly admissionControl: AdmissionControl;
  readonly pipeline: RequestPipeline;
}
export interface ExportOrder {
  readonly plan: ExportPlan;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
  readonly address: string;
  /** Of the client who takes the file. */
  readonly presence: Presence;
  /** The moment that all pages are read as of. */
  readonly asOf: string;
}

export function exportColumns(schema: GraphQLSchema, { plan, variables }: ExportOrder): ExportColumn[] {
  const fragments = Object.fromEntries(
    plan.document.definitions.flatMap(d => (d.kind === 'FragmentDefinition' ? [[d.name.value, d]] : [])),
  );
  return columnsOf({ schema, fragments, variableValues: { ...variables } }, plan.rowType, plan.selection);
}

interface ListPage {
  readonly exportPage?: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly exportMore?: boolean;
  readonly [name: string]: unknown;
}

/** Throws if the first page is refused; a later one waits while the budget of the minute is spent. */
export async function* exportPages(ground: ExportGround, order: ExportOrder): AsyncGenerator<readonly ExportRow[]> {
  const { plan, asOf } = order;
  let after: string | null = null;
  for (let skip = 0, first = true; ; first = false) {
    const paging = { exportAfter: after, exportSkip: skip, exportAsOf: asOf };
    const isHeavy = await admitted(ground, order, paging, !first);
    const data = await readPage(ground, order, paging, isHeavy);
    const list = data[plan.list] as ListPage | null;
    const page = (plan.groups && list ? list[plan.groups] : list) as ListPage | null;
    const rows = (page?.[plan.nodes] ?? []) as readonly ExportRow[];
    if (rows.length) yield rows;
    if (!(page?.exportPage?.hasNextPage ?? page?.exportMore)) return;
    after = page.exportPage?.endCursor ?? null;
    skip += rows.length;
  }
}

async function admitted(
  { admissionControl }: ExportGround,
  order: ExportOrder,
  paging: object,
  patient: boolean,
): Promise<boolean> {
  const { principal, address, plan, variables } = order;
  for (;;) {
    try {
      const request = { query: plan.text, variables: { ...variables, ...paging } };
      return admissionControl.admit(principal, address, request)?.isHeavy ?? false;
    } catch (error) {
      const retryAfterMs = error instanceof HubError ? error.details.retryAfterMs : undefined;
      if (!patient || typeof retryAfterMs !== 'number') throw error;
      await delay(retryAfterMs);
    }
  }
}

/** Reads a page; what it shows of persons is in the audit log before any of it is sent. */
async function readPage(ground: ExportGround, order: ExportOrder, paging: object, isHeavy: boolean) {
  const { schema, answers, hub, pipeline, admissionControl } = ground;
  const { plan, variables, principal, address, presence } = order;
  if (hub.ended.refuses(principal))
    throw unauthenticated('the session of the token was ended, sign in again and order the export anew');
  if ((await pipeline.readers.again(principal)) !== principal)
    throw new HubError(
      'RIGHTS_CHANGED',
      'Your purpose does not hold any more: state one that does, and order the export anew',
    );
  const context = new Context(hub, principal);
  context.share = admissionControl.shareOf(principal, address, isHeavy, presence.whenGone);
  context.trail.operation = operationOf(plan.name, plan.text);
  const variableValues = { ...variables, ...paging };
  const { data, errors } = await answers.execute({
    schema,
    document: plan.document,
    variableValues,
    contextValue: context,
  });
  if (errors?.length) throw originalOf(errors[0]!);
  await noteAnswer(context, 'export', JSON.stringify(data));
  return data as Record<string, unknown>;
}

/** An export with an error fails as a whole, because half a table would be taken for a complete one. */
const originalOf = (error: GraphQLError): Error => error.originalError ?? error;
