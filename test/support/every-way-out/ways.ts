/**
 * Every way on which a value can leave the hub, and what travels on it: root fields, routes, messages and events.
 * Anything missing from these tables fails the walk, which then says where to enter it.
 */
import type { Catalog } from '../../../src/catalog/catalog.ts';

/** `shows` means that persons are shown whole on this way, so the walk must have seen some there. */
export const ways = {
  rows: 'shows',
  'rows of a moment': 'shows',
  'record by key': 'shows',
  'record by id': 'shows',
  'rows below': 'shows',
  'row above': 'shows',
  'live records': 'shows',
  records: 'shows',
  claims: 'shows',
  'claims alone': 'shows',
  search: 'shows',
  'file of rows, ndjson': 'shows',
  'file of rows, csv': 'shows',
  'event of a board': 'shows',
  'event of changes': 'shows',
  'question on a stream': 'shows',
  filter: 'counts',
  order: 'counts',
  groups: 'counts',
  'file of groups, csv': 'counts',
  'file of groups, ndjson': 'counts',
  'file of groups, arrow': 'words',
  'file of groups, parquet': 'words',
  'ready-made file': 'words',
  'manifest of an export': 'words',
  'answer of requestUnmask': 'words',
  'answer of orderExport': 'words',
  'answer of orderSealing': 'words',
  'answer of endSession': 'words',
  'explanation of access': 'words',
  'what readers are told of themselves': 'words',
  'report to the person': 'words',
  'page of the audit log': 'words',
  'words of a mistake': 'words',
  'plain routes': 'words',
  "lines of the hub's log": 'words',
  'files of the audit log': 'words',
} as const;
export type Way = keyof typeof ways;

const roots: Readonly<Record<string, Way>> = {
  'Query.node': 'record by id',
  'Query.search': 'search',
  'Query.explainAccess': 'explanation of access',
  'Query.viewer': 'what readers are told of themselves',
  'Query.dataSubjectReport': 'report to the person',
  'Query.auditEntries': 'page of the audit log',
  'Mutation.requestUnmask': 'answer of requestUnmask',
  'Mutation.orderExport': 'answer of orderExport',
  'Mutation.orderSealing': 'answer of orderSealing',
  'Mutation.endSession': 'answer of endSession',
  'Subscription.caseBoard': 'event of a board',
  'Subscription.approvalUpdates': 'event of a board',
  'Subscription.changes': 'event of changes',
};

/** The way of a root field; undefined when it has none. */
export function rootWay(catalog: Catalog, place: string): Way | undefined {
  const [type, field] = place.split('.');
  const nouns = type === 'Query' ? catalog.all() : [];
  if (nouns.some(({ kind }) => kind.plural === field)) return 'rows';
  if (nouns.some(({ name }) => name[0]!.toLowerCase() + name.slice(1) === field)) return 'record by key';
  return roots[place];
}

export const routes: Readonly<Record<string, Way>> = {
  'GET /graphql': 'plain routes',
  'HEAD /graphql': 'plain routes',
  'POST /graphql': 'rows',
  'OPTIONS /graphql': 'plain routes',
  'POST /push/:agency': 'words of a mistake',
  'GET /livez': 'plain routes',
  'HEAD /livez': 'plain routes',
  'GET /readyz': 'plain routes',
  'HEAD /readyz': 'plain routes',
  'GET /export/:file': 'ready-made file',
  'HEAD /export/:file': 'plain routes',
  'GET /export/tickets/:file': 'file of rows, csv',
  'HEAD /export/tickets/:file': 'plain routes',
  'GET /export/manifests/:file': 'manifest of an export',
  'HEAD /export/manifests/:file': 'plain routes',
  'GET /graphql/stream': 'words of a mistake',
  'HEAD /graphql/stream': 'plain routes',
  'POST /graphql/stream': 'event of a board',
};

/** Messages of the WebSocket protocol and stream events. Messages that only clients send are marked. */
export const messages: Readonly<Record<string, Way | 'of clients' | 'seldom'>> = {
  'socket connection_init': 'of clients',
  'socket subscribe': 'of clients',
  'socket connection_ack': 'question on a stream',
  'socket next': 'event of a board',
  'socket complete': 'question on a stream',
  'socket error': 'question on a stream',
  'socket pong': 'question on a stream',
  // This message holds a position and comes once in many seconds (flows/feed/websocket-protocol).
  'socket ping': 'seldom',
  'stream next': 'event of a board',
  'stream complete': 'question on a stream',
  'stream comment': 'event of a board',
};

/** Events of boards; the rare ones hold no row (flows/feed/snapshot-then-delta, slow-readers). */
export const boardEvents: Readonly<Record<string, Way | 'seldom'>> = {
  SNAPSHOT: 'event of a board',
  READY: 'event of a board',
  UPSERT: 'event of a board',
  REMOVE: 'seldom',
  LAGGED: 'seldom',
};
