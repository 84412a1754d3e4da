/**
 * Access classes of every field and argument of the graph that no record declares. A field that is neither declared
 * with a record nor classified here fails `npm run schema` and its test, so nothing gets into the graph unconsidered.
 */
import { type GraphQLField, type GraphQLSchema, isInterfaceType, isObjectType } from 'graphql';
import type { ClassifiedField, FieldClass } from '../../access/matrix.ts';
import type { Catalog, Noun } from '../../catalog/catalog.ts';

/** By type and field; `*` stands for the name of a noun. */
const fieldClasses: Readonly<Record<string, FieldClass>> = {
  'Node.id': 'of the row',
  'Node.masked': 'of the rule',
  'AgencyRecord.source': 'leads on',
  'AgencyRecord.observedAt': 'of the row',
  'AgencyRecord.asOf': 'masked as the time',
  'AgencyRecord.spellings': 'leads on',
  'RecordSource.agency': 'of the row',
  // The source id is often made from the key of the record.
  'RecordSource.sourceId': 'masked as the key',
  'RecordSource.version': 'masked as the time',
  'Spelling.field': 'of the row',
  'Spelling.raw': 'masked as its field',
  'Spelling.normalised': 'masked as its field',
  'Spelling.faults': 'of the row',
  // The heading holds the title of the matter and the name of the applicant.
  'Case.heading': 'masked as its field',
  '*Connection.nodes': 'leads on',
  '*Connection.edges': 'leads on',
  '*Connection.pageInfo': 'leads on',
  '*Connection.totalCount': 'counts what can be listed',
  '*Connection.groups': 'leads on',
  '*Groups.nodes': 'leads on',
  '*Groups.hasNextPage': 'counts what can be listed',
  '*Group.key': 'leads on',
  '*Group.count': 'counts what can be listed',
  '*Group.share': 'counts what can be listed',
  '*Group.countDistinct': 'computed of what is not personal',
  '*Group.sum': 'computed of what is not personal',
  '*Group.avg': 'computed of what is not personal',
  '*Group.min': 'computed of what is not personal',
  '*Group.max': 'computed of what is not personal',
  '*Group.quantile': 'computed of what is not personal',
  '*Group.earliest': 'computed of what is not personal',
  '*Group.latest': 'computed of what is not personal',
  // Each field of a noun, and each noun that it refers to.
  '*Key.<field>': 'computed of what is not personal',
  '*Key.<relation>': 'leads on',
  '*Key.agency': 'of the row',
  '*Key.observedAt': 'of the row',
  '*Edge.cursor': 'of the row',
  '*Edge.node': 'leads on',
  'PageInfo.hasNextPage': 'counts what can be listed',
  'PageInfo.hasPreviousPage': 'counts what can be listed',
  'PageInfo.startCursor': 'of the row',
  'PageInfo.endCursor': 'of the row',
  'Person.records': 'leads on',
  'Person.conflicts': 'leads on',
  'Organisation.records': 'leads on',
  'Organisation.conflicts': 'leads on',
  'Conflict.fact': 'of the row',
  'Conflict.claims': 'leads on',
  'Claim.value': 'masked as its field',
  'Claim.agency': 'of the row',
  'Claim.kind': 'of the row',
  'Claim.record': 'leads on',
  'Claim.observedAt': 'of the row',
  'Claim.asOf': 'masked as the time',
  'Agency.freshness': { only: 'freshness' },
  'AgencyFreshness.modes': 'open',
  'AgencyFreshness.protocol': 'open',
  'AgencyFreshness.lastSuccessAt': 'open',
  'AgencyFreshness.caughtUpAt': 'open',
  'AgencyFreshness.lagSeconds': 'open',
  'AgencyFreshness.failingSince': 'open',
  'AgencyFreshness.failures': 'open',
  'AgencyFreshness.error': { only: 'parked' },
  'AgencyFreshness.parked': 'open',
  'AgencyFreshness.heldRemovals': 'open',
  'AgencyFreshness.degraded': 'open',
  'AgencyFreshness.signs': { only: 'parked' },
  'Query.node': 'leads on',
  'Query.search': 'leads on',
  // Readers are told about themselves, and nothing that is not theirs.
  'Query.viewer': 'open',
  'Viewer.role': 'open',
  'Viewer.subject': 'open',
  'Viewer.agency': 'open',
  'Viewer.host': 'open',
  'Viewer.village': 'open',
  'Viewer.purpose': 'open',
  'Viewer.purposeProblem': 'open',
  'Viewer.tokenExpiresAt': 'open',
  'Viewer.limits': 'open',
  'Viewer.mayAsk': 'open',
  'ViewerLimits.costPerRequest': 'open',
  'ViewerLimits.costPerMinute': 'open',
  'ViewerLimits.unmaskMinutes': 'open',
  'ViewerLimits.persons': 'open',
  'ViewerLimits.unmasked': 'open',
  'ViewerLimits.misses': 'open',
  'DayQuota.most': 'open',
  'DayQuota.left': 'open',
  'AskableField.operation': 'open',
  'AskableField.name': 'open',
  'AskableField.kind': 'open',
  'AskableField.wholeFor': 'open',
  'Query.explainAccess': { only: 'explain' },
  'AccessExplanation.visible': { only: 'explain' },
  'AccessExplanation.rows': { only: 'explain' },
  'AccessExplanation.whole': { only: 'explain' },
  'AccessExplanation.wholeRows': { only: 'explain' },
  'AccessExplanation.fields': { only: 'explain' },
  'FieldAccess.name': { only: 'explain' },
  'FieldAccess.view': { only: 'explain' },
  'Query.dataSubjectReport': { only: 'report' },
  'DataSubjectReport.accesses': { only: 'report' },
  'DataSubjectReport.more': { only: 'report' },
  'PersonalDataAccess.entry': { only: 'report' },
  'PersonalDataAccess.at': { only: 'report' },
  'PersonalDataAccess.act': { only: 'report' },
  'PersonalDataAccess.channel': { only: 'report' },
  'PersonalDataAccess.role': { only: 'report' },
  'PersonalDataAccess.reader': { only: 'report' },
  'PersonalDataAccess.agency': { only: 'report' },
  'PersonalDataAccess.purpose': { only: 'report' },
  'PersonalDataAccess.operation': { only: 'report' },
  'PersonalDataAccess.persons': { only: 'report' },
  'Query.auditEntries': { only: 'log' },
  'AuditEntries.nodes': { only: 'log' },
  'AuditEntries.next': { only: 'log' },
  'AuditEntry.entry': { only: 'log' },
  'AuditEntry.at': { only: 'log' },
  'AuditEntry.act': { only: 'log' },
  'AuditEntry.outcome': { only: 'log' },
  'AuditEntry.role': { only: 'log' },
  'AuditEntry.actor': { only: 'log' },
  'AuditEntry.agency': { only: 'log' },
  'AuditEntry.reason': { only: 'log' },
  'AuditEntry.purpose': { only: 'log' },
  'AuditEntry.details': { only: 'log' },
  'AuditEntry.times': { only: 'log' },
  'AuditEntry.readers': { only: 'log' },
  'AuditEntry.persons': { only: 'log' },
  'AuditEntry.operation': { only: 'log' },
  'AuditEntry.channel': { only: 'log' },
  'AuditEntry.policy': { only: 'log' },
  'AuditDetail.name': { only: 'log' },
  'AuditDetail.value': { only: 'log' },
  'Subscription.changes': { only: 'changes' },
  'ChangeEvent.cursor': { only: 'changes' },
  'ChangeEvent.position': { only: 'changes' },
  'ChangeEvent.kind': { only: 'changes' },
  'ChangeEvent.agency': { only: 'changes' },
  'ChangeEvent.caseNo': { only: 'changes' },
  'ChangeEvent.deleted': { only: 'changes' },
  'ChangeEvent.at': { only: 'changes' },
  'ChangeEvent.node': 'leads on',
  'Subscription.caseBoard': { only: 'changes' },
  'CaseBoardEvent.type': { only: 'changes' },
  'CaseBoardEvent.cursor': { only: 'changes' },
  'CaseBoardEvent.position': { only: 'changes' },
  'CaseBoardEvent.page': { only: 'changes' },
  'CaseBoardEvent.removed': { only: 'changes' },
  'CaseBoardEvent.reason': { only: 'changes' },
  'CaseBoardEvent.lag': { only: 'changes' },
  'CaseBoardEvent.nodes': 'leads on',
  'Subscription.approvalUpdates': { only: 'changes' },
  'ApprovalUpdatesEvent.type': { only: 'changes' },
  'ApprovalUpdatesEvent.cursor': { only: 'changes' },
  'ApprovalUpdatesEvent.position': { only: 'changes' },
  'ApprovalUpdatesEvent.page': { only: 'changes' },
  'ApprovalUpdatesEvent.removed': { only: 'changes' },
  'ApprovalUpdatesEvent.reason': { only: 'changes' },
  'ApprovalUpdatesEvent.lag': { only: 'changes' },
  'ApprovalUpdatesEvent.nodes': 'leads on',
  'Lag.from': { only: 'changes' },
  'Lag.to': { only: 'changes' },
  'Mutation.endSession': { only: 'end sessions' },
  'EndedSession.session': { only: 'end sessions' },
  'EndedSession.subject': { only: 'end sessions' },
  'EndedSession.endedAt': { only: 'end sessions' },
  'EndedSession.until': { only: 'end sessions' },
  'Mutation.orderSealing': { only: 'order sealing' },
  'SealingOrderWritten.number': { only: 'order sealing' },
  'SealingOrderWritten.subject': { only: 'order sealing' },
  'SealingOrderWritten.until': { only: 'order sealing' },
  'Mutation.orderExport': 'leads on',
  'ExportTicket.path': 'open',
  'ExportTicket.expiresAt': 'open',
  'Mutation.requestUnmask': { only: 'unmask' },
  'UnmaskedRecord.grant': { only: 'unmask' },
  'UnmaskedRecord.id': { only: 'unmask' },
  'UnmaskedRecord.until': { only: 'unmask' },
};

/** What an argument may do; `*` stands for any field that has it. */
const argumentClasses: Readonly<Record<string, string>> = {
  '*(where)': 'tests fields that the reader sees whole in every row; where groups are made, no personal ones',
  '*(orderBy)': 'orders by fields that the reader sees whole in every row',
  '*(first)': 'sizes a page',
  '*(last)': 'sizes a page',
  '*(after)': 'names a row by its id',
  '*(before)': 'names a row by its id',
  '*(asOf)': 'shows rows as they were; who may see them is decided as of now',
  '*(of)': 'names a field that is not personal and that the reader sees, or what rows are about',
  '*(per)': 'names a span of time',
  '*(at)': 'a number',
  '*(exact)': 'a choice',
  '*(having)': 'tests what was computed of the rows that the reader can list',
  '*(limit)': 'sizes a page',
  '*(skip)': 'sizes a page',
  'Mutation.orderExport(operation)': 'an operation, which is held to all of this',
  'Mutation.orderExport(variables)': 'an operation, which is held to all of this',
  'Mutation.orderExport(format)': 'a choice',
  'Mutation.orderExport(bom)': 'a choice',
  'Query.node(id)': 'names a row by its id',
  'Query.search(text)': 'tests fields that the reader sees whole in every row',
  'Query.explainAccess(id)': 'names a row by its id',
  'Query.explainAccess(reader)': 'names a reader',
  'Query.dataSubjectReport(residentId)': 'names a person, noted as a read about them',
  'Query.dataSubjectReport(before)': 'names an entry of the log',
  'Query.auditEntries(before)': 'names an entry of the log',
  'Query.auditEntries(acts)': 'narrows what the reader sees',
  'Query.auditEntries(since)': 'narrows what the reader sees',
  'Query.auditEntries(until)': 'narrows what the reader sees',
  'Subscription.changes(agencies)': 'narrows what the reader sees',
  'Subscription.changes(kinds)': 'narrows what the reader sees',
  'Subscription.changes(caseNo)': 'narrows what the reader sees',
  'Subscription.changes(after)': 'names a position',
  'Subscription.changes(oldest)': 'names a position',
  'Subscription.caseBoard(after)': 'names a position',
  'Subscription.approvalUpdates(after)': 'names a position',
  'Mutation.endSession(session)': 'names a reader',
  'Mutation.endSession(subject)': 'names a reader',
  'Mutation.endSession(reason)': 'words, noted without the numbers of persons',
  'Mutation.orderSealing(number)': 'words of the order',
  'Mutation.orderSealing(subject)': 'names a reader',
  'Mutation.orderSealing(until)': 'a day, within a year',
  'Mutation.requestUnmask(id)': 'names a row by its id',
  'Mutation.requestUnmask(reason)': 'words, noted without the numbers of persons',
  'Mutation.requestUnmask(minutes)': 'a number, at most that of the role',
};
const keyClass = 'finds one row; not by a key that the reader sees masked, unless their role finds persons';

/** The class of a field that no record declares, for example `Query.search`. */
export const handwrittenClass = (place: string): FieldClass | undefined => fieldClasses[place];

const lowerFirst = (name: string) => name[0]!.toLowerCase() + name.slice(1);

export interface SchemaClasses {
  readonly fields: readonly ClassifiedField[];
  /** Arguments, such as `*(where)`, and what each may do. */
  readonly arguments: readonly (readonly [place: string, may: string])[];
  /** Fields and arguments that are not classified. */
  readonly missing: readonly string[];
  /** Places that are classified but no longer exist. */
  readonly gone: readonly string[];
}

/** Classes of all fields that are neither columns nor relations of a noun. */
export function classesOf(schema: GraphQLSchema, catalog: Catalog): SchemaClasses {
  const walk = new SchemaWalk(schema, catalog);
  walk.run();
  return walk;
}

class SchemaWalk implements SchemaClasses {
  readonly fields: ClassifiedField[] = [];
  readonly arguments: [string, string][] = [];
  readonly missing: string[] = [];
  private readonly seen = new Set<string>();
  private readonly roots: ReadonlyMap<string, Noun>;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly catalog: Catalog,
  ) {
    this.roots = new Map(catalog.all().flatMap(noun => [lowerFirst(noun.name), noun.kind.plural].map(r => [r, noun])));
  }

  get gone(): string[] {
    return [...Object.keys(fieldClasses), ...Object.keys(argumentClasses)].filter(place => !this.seen.has(place));
  }

  run(): void {
    for (const type of Object.values(this.schema.getTypeMap())) {
      if (type.name.startsWith('__') || !(isObjectType(type) || isInterfaceType(type))) continue;
      const inherited = type.getInterfaces().flatMap(parent => Object.keys(parent.getFields()));
      for (const field of Object.values(type.getFields())) {
        if (!inherited.includes(field.name)) this.field(type.name, field);
        for (const { name } of field.args) this.argument(type.name, field.name, name);
      }
    }
  }

  private field(type: string, { name }: GraphQLField<unknown, unknown>): void {
    const noun = this.catalog.nouns.get(type);
    // Columns, relations and roots are listed in the tables of the nouns.
    if (noun?.columns.has(name) || noun?.relations.has(name) || (type === 'Query' && this.roots.has(name))) return;
    const place = this.placeOf(type, name);
    if (this.seen.has(place)) return;
    this.seen.add(place);
    const known = fieldClasses[place];
    if (known) this.fields.push({ place, class: known });
    else this.missing.push(place);
  }

  private argument(type: string, field: string, name: string): void {
    const isKey = type === 'Query' && this.roots.get(field)?.kind.key.includes(name);
    const [exact, any] = [`${type}.${field}(${name})`, `*(${name})`];
    const place = isKey ? `Query.*(${name})` : argumentClasses[exact] ? exact : any;
    if (this.seen.has(place)) return;
    this.seen.add(place);
    const may = isKey ? keyClass : argumentClasses[place];
    if (may) this.arguments.push([place, may]);
    else this.missing.push(exact);
  }

  /** `PersonEdge.node` is `*Edge.node`, where that is classified. */
  private placeOf(type: string, name: string): string {
    const keyed = type.endsWith('Key') ? this.catalog.nouns.get(type.slice(0, -'Key'.length)) : undefined;
    if (keyed?.columns.has(name)) return '*Key.<field>';
    if (keyed?.relations.has(name)) return '*Key.<relation>';
    const place = `${type}.${name}`;
    const patterns = Object.keys(fieldClasses).filter(key => key.startsWith('*') && place.endsWith(key.slice(1)));
    return patterns.find(key => this.catalog.nouns.has(place.slice(0, 1 - key.length))) ?? place;
  }
}
