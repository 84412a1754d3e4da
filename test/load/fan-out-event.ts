/** W4: one approval of one case changes again and again; this is what subscribers receive of it. */
import { Approval } from '../../adapters/kit/hall-kinds.ts';
import { put, type Statement, versionOf } from '../../adapters/kit/statement.ts';

/** The agency that states the approval. */
export const eventAgency = 'food-drug';
/**
 * The channel by which the peers and the limit learn of it: PostgreSQL's NOTIFY, sent once the hub's tables hold it.
 */
export const eventChannel = 'bench_events';
const caseNo = 'BJ371482009999999999';

/** The n-th event, from 1; its number is the record's data version. */
export function eventStatement(n: number): Statement {
  const data = { ...eventData(n), type: 'STEP', startedAt: '2026-11-23T01:00:00Z', final: false } as const;
  return put(Approval, { sourceId: `${caseNo}@1`, version: versionOf(n) }, data);
}

export const eventData = (n: number) =>
  ({
    caseNo,
    stepNo: '1',
    name: '审查',
    state: 'DONE',
    outcome: 'AGREED',
    handlerName: '王伟',
    endedAt: '2026-11-24T01:00:00Z',
    dataVersion: n,
  }) as const;

const selection = `${Object.keys(eventData(0)).join(' ')}`;

/** The hub's subscription; every subscriber of the first measurements uses the same. */
export const hubSubscription = `subscription Changes($kinds: [String!], $agencies: [String!]) {
  changes(kinds: $kinds, agencies: $agencies) { position kind caseNo node { id ... on Approval { ${selection} } } } }`;
/** The subscription of the peers, whose events are the payloads of NOTIFY. */
export const peerSubscription = `subscription Approvals($agency: String!) { approvalChanged(agency: $agency) { position kind agency ${selection} } }`;
/** The payload of NOTIFY. */
export const peerEvent = (n: number) => ({ position: n, kind: Approval.name, agency: eventAgency, ...eventData(n) });

/** The type is the same for every peer. */
export const peerEventType = `type ApprovalEvent { position: Int! kind: String! agency: String! caseNo: String! stepNo: String! name: String!
  state: String! outcome: String handlerName: String endedAt: String dataVersion: Int! }`;
