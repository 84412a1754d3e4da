/**
 * The queries of W1 and W2, each written once: the documents of all contenders and the statement of the limit are made
 * from these trees, so that they cannot differ in what they select.
 */

import type { BenchSize } from './bench-size.ts';
import { agencyCodes, residentIdOf } from './town-tables.ts';

/** The selection of a noun: its own fields, and its relations with their selections. */
export interface Selection {
  readonly fields: readonly string[];
  readonly relations?: Readonly<Record<string, Related>>;
}
/** `order` and `first` make sense for relations that lead to many. */
export interface Related extends Selection {
  readonly order?: Order;
  readonly first?: number;
}
export interface Order {
  readonly field: string;
  readonly way: 'asc' | 'desc';
}

export type Test =
  | { readonly field: string; readonly eq: Variable }
  | { readonly field: string; readonly lte: Variable }
  | { readonly field: string; readonly in: readonly string[] };
/** A variable of the query, with its type in the hub's graph. */
export interface Variable {
  readonly variable: string;
  readonly type: string;
}

/** One row by its key, or a list. */
export type Root = { readonly noun: string; readonly selection: Selection } & (
  | { readonly key: string; readonly is: Variable }
  | { readonly where: readonly Test[]; readonly order: Order; readonly first: number }
);

export interface Question {
  readonly name: 'W1' | 'W2';
  readonly title: string;
  readonly roots: readonly Root[];
  readonly connections: number;
  /** The variables of the n-th request. */
  variables(n: number, size: BenchSize): Readonly<Record<string, string>>;
}

const stepNo = { field: 'stepNo', way: 'asc' } as const;
const newest = { field: 'submittedAt', way: 'desc' } as const;
const own = ['id', 'observedAt'];

/** Everything stored about a person: the connections that lead from Person to each kind of record. */
const W1: Question = {
  name: 'W1',
  title: 'one person by id with everything stored from all agencies, last 5 cases with approvals',
  roots: [
    {
      noun: 'Person',
      key: 'residentId',
      is: { variable: 'residentId', type: 'String!' },
      selection: {
        fields: ['id', 'residentId', 'name', 'birthDate', 'sex', 'address'],
        relations: {
          insurances: { fields: [...own, 'personNo', 'insuranceKind', 'status', 'insuredSince', 'unitName'] },
          insurancePayments: { fields: [...own, 'receiptNo', 'insuranceKind', 'period', 'amount', 'channel'] },
          insuranceBenefits: { fields: [...own, 'benefitNo', 'insuranceKind', 'monthlyAmount', 'status'] },
          employmentRegistrations: { fields: [...own, 'registrationNo', 'event', 'registeredOn', 'employerName'] },
          rights: { fields: [...own, 'certificateNo', 'unitCode', 'kind', 'registeredOn', 'state', 'clear'] },
          rightsAsSecondHolder: { fields: [...own, 'certificateNo', 'unitCode', 'kind', 'state'] },
          rightsAsThirdHolder: { fields: [...own, 'certificateNo', 'unitCode', 'kind', 'state'] },
          rightsAsFourthHolder: { fields: [...own, 'certificateNo', 'unitCode', 'kind', 'state'] },
          homesteadApprovals: { fields: [...own, 'approvalNo', 'areaM2', 'buildingKind', 'appliedOn'] },
          representedEntities: { fields: [...own, 'entityNo', 'name', 'type', 'state', 'establishedOn'] },
          licences: { fields: [...own, 'number', 'type', 'state', 'validUntil'] },
          householdChanges: { fields: [...own, 'changeNo', 'kind', 'happenedOn', 'registeredOn'] },
          inspectionsAsOperator: { fields: [...own, 'taskNo', 'objectName', 'inspectedOn', 'result'] },
          samplesAsOperator: { fields: [...own, 'sampleNo', 'product', 'sampledOn', 'result'] },
          cases: {
            first: 5,
            order: newest,
            fields: ['id', 'caseNo', 'leadAgencyCode', 'state', 'result', 'submittedAt', 'promisedOn', 'closedAt'],
            relations: {
              approvals: {
                order: stepNo,
                fields: [...own, 'stepNo', 'name', 'state', 'outcome', 'handlerName', 'startedAt', 'endedAt'],
              },
            },
          },
        },
      },
    },
  ],
  connections: 16,
  variables: (n, size) => ({ residentId: residentIdOf(spread(n) % size.persons) }),
};

const open = ['SUBMITTED', 'AWAITING_CORRECTION', 'ACCEPTED', 'IN_REVIEW', 'PAUSED', 'DECIDED'];

/**
 * The approval names who handled a step. An agency's officers belong to its outposts and are the same for all its
 * cases, so the query selects them once, beside the list.
 */
const W2: Question = {
  name: 'W2',
  title: '100 newest open cases of an agency with matter, applicant, approvals, officers',
  roots: [
    {
      noun: 'Case',
      where: [
        { field: 'leadAgencyCode', eq: { variable: 'agency', type: 'String!' } },
        { field: 'state', in: open },
        { field: 'submittedAt', lte: { variable: 'until', type: 'DateTime!' } },
      ],
      order: newest,
      first: 100,
      selection: {
        fields: ['id', 'caseNo', 'leadAgencyCode', 'state', 'currentStep', 'submittedAt', 'acceptedAt', 'promisedOn'],
        relations: {
          matter: { fields: ['id', 'code', 'title', 'matterType', 'promisedDays'] },
          applicant: { fields: ['id', 'residentId', 'name'] },
          applicantOrganisation: { fields: ['id', 'creditCode', 'name'] },
          approvals: {
            order: stepNo,
            fields: ['id', 'stepNo', 'name', 'state', 'outcome', 'handlerName', 'startedAt', 'endedAt'],
          },
        },
      },
    },
    {
      noun: 'Agency',
      key: 'code',
      is: { variable: 'agency', type: 'String!' },
      selection: {
        fields: ['id', 'code', 'name'],
        relations: {
          outposts: {
            fields: ['id', 'code', 'name'],
            relations: {
              officers: { order: { field: 'staffNo', way: 'asc' }, fields: ['id', 'staffNo', 'name', 'post'] },
            },
          },
        },
      },
    },
  ],
  connections: 8,
  // The board as it stood in one of the last minutes of a week, so that no query comes twice in a row.
  variables: n => ({
    agency: agencyCodes[n % agencyCodes.length]!,
    until: new Date(Date.UTC(2026, 10, 22) - (spread(n) % (7 * 24 * 60)) * 60_000).toISOString(),
  }),
};

/** Numbers that follow each other in no order, but are always the same. */
const spread = (n: number) => Math.imul(n + 1, 2_654_435_761) >>> 0;

export const questions: readonly Question[] = [W1, W2];
/** The number of rows of a relation without a size: the hub's own default. */
export const defaultFirst = 20;
