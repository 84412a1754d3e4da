/** Who may come in with which request: one check before anything is validated or run, for HTTP and sockets alike. */
import { HeaderMap, type HTTPGraphQLHead } from '@apollo/server';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  parse,
  visit,
} from 'graphql';
import type { CostBudgets } from '../access/cost-budgets.ts';
import { budgetKey, mostTokens, type RoleLimits, roleLimits } from '../access/limits.ts';
import type { Principal } from '../access/principal.ts';
import { HubError } from '../domain/error-codes.ts';
import { RecentlyUsed } from '../domain/recently-used.ts';
import { measureOperation, type Weight } from './measure-operation.ts';
import { holdsNul, measureInputs, measureText, type TextMeasure } from './measure-text.ts';
import type { StoredOperations } from './stored-operations.ts';

export interface DoorSettings {
  /** Whether roles of the hall's screens may send stored operations only. */
  readonly storedOperations: 'allow' | 'enforce';
  /** Whether everybody may ask for the schema. */
  readonly publicIntrospection: boolean;
  /** Multiplies the cost units per minute of every role. */
  readonly budgetFactor: number;
}
export interface DoorRequest {
  readonly query?: unknown;
  readonly operationName?: unknown;
  readonly variables?: unknown;
  readonly extensions?: unknown;
  readonly documentId?: unknown;
}
export interface Admission {
  /** What was looked at: nothing else may run. */
  readonly text: string;
  readonly document: DocumentNode;
  readonly cost: CostReport;
}
/** What developers are told when they ask for it (`extensions: {cost: true}`). */
export interface CostReport {
  readonly estimated: number;
  readonly mostPerRequest: number;
  readonly leftThisMinute: number;
  /** The field whose objects cost most. */
  readonly dearest: string;
}

/** Brackets in brackets: far more than any level of fields needs, far less than what fills the parser's stack. */
const mostNesting = 100;
/** The question that tools ask for a schema has about half of them. */
const mostIntrospectionFields = 500;
/** A request that is refused has cost this. */
const refusedUnits = 1;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const wantsCost = (extensions: unknown): boolean => isRecord(extensions) && extensions.cost === true;

/** The id of a stored operation that a request names, in the way of Apollo's clients or as `documentId`. */
export function storedIdOf({ documentId, extensions }: DoorRequest): string | null {
  if (typeof documentId === 'string') return documentId;
  const persisted = isRecord(extensions) ? extensions.persistedQuery : null;
  return isRecord(persisted) && typeof persisted.sha256Hash === 'string' ? persisted.sha256Hash : null;
}

/** What the door knows of a text. */
interface ReadDocument {
  readonly measure: TextMeasure;
  readonly document: DocumentNode;
  readonly literals: ReturnType<typeof literalsOf>;
  readonly weights: Map<OperationDefinitionNode, Weight>;
  /** Whether it is a stored operation; null until somebody wants to know. */
  stored: boolean | null;
}
/** Of all texts that are kept; a parsed one takes about 300 bytes a token. */
const keptTokens = 200_000;

export class Door {
  private readonly documents = new RecentlyUsed<string, ReadDocument>(keptTokens);

  constructor(
    private readonly schema: GraphQLSchema,
    readonly stored: StoredOperations,
    private readonly budgets: CostBudgets,
    private readonly settings: DoorSettings,
    /** About how many rows a noun has: what counts or groups a whole list costs by them. */
    private readonly rowsOf: (noun: string) => number,
  ) {}

  /**
   * Null where there is no text to look at: the server has its own words for that. Throws a HubError, or graphql-js's
   * syntax error.
   */
  admit(principal: Principal, address: string, request: DoorRequest): Admission | null {
    const limits = roleLimits[principal.role];
    const pay = (units: number) => this.pay(budgetKey(principal, address), units, limits);
    pay(refusedUnits);
    // Over sockets the text is never missing, only empty.
    const text = (typeof request.query === 'string' && request.query) || this.stored.find(storedIdOf(request) ?? '');
    if (!text) return null;
    const known = this.documents.get(text) ?? this.read(text, limits);
    demandSmallText(known.measure, limits);
    const given = measureInputs(request.variables, limits.inputs);
    demandAtMost('The variables have', given.depth, mostNesting, 'levels');
    const { document, literals } = known;
    demandAtMost('The request has', given.inputs + literals.count, limits.inputs, 'input values');
    if (given.holdsNul || literals.holdNul) throw new HubError('BAD_USER_INPUT', 'A value holds the character U+0000');
    if (this.settings.storedOperations === 'enforce' && limits.operations === 'stored' && !this.isStored(known)) {
      throw new HubError(
        'OPERATION_NOT_STORED',
        'Your role may send stored operations only: see schema/operations.json',
      );
    }
    const weight = this.weigh(known, request, limits);
    const left = pay(Math.max(0, weight.cost - refusedUnits));
    return { text, document, cost: reportOf(weight, limits, left) };
  }

  /** Whether schema and suggestions are for this reader. */
  showsSchema({ role }: Principal): boolean {
    return this.settings.publicIntrospection || roleLimits[role].introspection;
  }

  /** For what is asked outside of documents: a stream from far back, a socket. Throws RATE_LIMITED. */
  charge(principal: Principal, address: string, units: number): void {
    this.pay(budgetKey(principal, address), units, roleLimits[principal.role]);
  }

  private pay(key: string, units: number, limits: RoleLimits): number {
    const { taken, left, retryAfterMs } = this.budgets.take(
      key,
      units,
      limits.costPerMinute * this.settings.budgetFactor,
    );
    if (taken) return left;
    throw new HubError('RATE_LIMITED', `Your budget is spent; ask again in ${Math.ceil(retryAfterMs / 1000)} s`, {
      retryAfterMs,
    });
  }

  /** A text that comes again is not read again. */
  private read(text: string, limits: RoleLimits): ReadDocument {
    const measure = measureText(text, limits.tokens);
    demandSmallText(measure, limits);
    const document = parse(text, { maxTokens: mostTokens });
    const known: ReadDocument = { measure, document, literals: literalsOf(document), weights: new Map(), stored: null };
    this.documents.set(text, known, measure.tokens);
    return known;
  }
  private isStored(known: ReadDocument): boolean {
    known.stored ??= this.stored.holds(known.document);
    return known.stored;
  }

  private weigh(known: ReadDocument, { operationName, variables }: DoorRequest, limits: RoleLimits): Weight {
    const { document, weights } = known;
    const named = typeof operationName === 'string' ? operationName : undefined;
    const operation = getOperationAST(document, named);
    const given = isRecord(variables) ? variables : {};
    // Without a choice nothing will run, but everything will be validated: the heaviest counts.
    const candidates = operation
      ? [operation]
      : document.definitions.filter(definition => definition.kind === Kind.OPERATION_DEFINITION);
    const all = candidates.map(each => {
      const weight = weights.get(each) ?? measureOperation(this.schema, document, each, given, this.rowsOf);
      // One that has pages of the variables' sizes weighs differently each time.
      if (!weight.byVariables) weights.set(each, weight);
      return weight;
    });
    for (const weight of all) this.demandBounds(weight, limits);
    return all.reduce((a, b) => (b.cost > a.cost ? b : a), all[0] ?? noWeight);
  }

  private demandBounds(weight: Weight, limits: RoleLimits): void {
    demandAtMost('The operation has', weight.depth, limits.depth, 'levels');
    demandAtMost('The operation has', weight.fields, limits.fields, 'fields');
    demandAtMost('The operation has', weight.aliases, limits.aliases, 'aliases');
    if (weight.largestPage > limits.pageSize)
      throw new HubError('BAD_USER_INPUT', `\`first\` and \`last\` go from 0 to ${limits.pageSize}`);
    if (weight.introspectionFields && !this.settings.publicIntrospection && !limits.introspection) {
      throw new HubError('FORBIDDEN', 'The schema is not told to your role: see schema/hub.graphql');
    }
    demandAtMost('The introspection has', weight.introspectionFields, mostIntrospectionFields, 'fields');
    demandAtMost('The introspection has', weight.introspectionAliases, 0, 'aliases');
    if (weight.cost <= limits.costPerRequest) return;
    const { path, cost } = weight.dearest;
    throw new HubError(
      'COST_EXCEEDED',
      `The request may cost ${rounded(weight.cost)} units, at most ${limits.costPerRequest} are allowed; ${path} costs most`,
      {
        estimated: rounded(weight.cost),
        mostPerRequest: limits.costPerRequest,
        dearest: path,
        dearestCost: rounded(cost),
      },
    );
  }
}

const noWeight: Weight = {
  depth: 0,
  fields: 0,
  aliases: 0,
  introspectionFields: 0,
  introspectionAliases: 0,
  cost: 0,
  dearest: { path: '', cost: 0 },
  largestPage: 0,
  counts: false,
  byVariables: false,
};

/** Beyond what a double counts exactly, the exact number helps nobody. */
const rounded = (cost: number): number => Math.min(Math.ceil(cost), Number.MAX_SAFE_INTEGER);

function reportOf({ cost, dearest }: Weight, limits: RoleLimits, left: number): CostReport {
  return {
    estimated: rounded(cost),
    mostPerRequest: limits.costPerRequest,
    leftThisMinute: left,
    dearest: dearest.path,
  };
}

function demandSmallText({ tokens, nesting, directives }: TextMeasure, limits: RoleLimits): void {
  demandAtMost('The document has', tokens, limits.tokens, 'tokens', tokens > limits.tokens);
  demandAtMost('The document has', nesting, mostNesting, 'levels of brackets');
  demandAtMost('The document has', directives, limits.directives, 'directives');
}

function demandAtMost(subject: string, count: number, most: number, what: string, openEnded = false): void {
  if (count <= most) return;
  const shown = openEnded ? `more than ${most}` : String(rounded(count));
  throw new HubError('LIMIT_EXCEEDED', `${subject} ${shown} ${what}; at most ${most} are allowed`, { most, what });
}

function literalsOf(document: DocumentNode): { readonly count: number; readonly holdNul: boolean } {
  let count = 0;
  let holdNul = false;
  visit(document, {
    ObjectField() {
      count += 1;
    },
    ListValue({ values }) {
      count += values.length;
    },
    StringValue({ value }) {
      holdNul ||= holdsNul(value);
    },
  });
  return { count, holdNul };
}

const statuses: Readonly<Record<string, number>> = { RATE_LIMITED: 429, FORBIDDEN: 403, OPERATION_NOT_STORED: 403 };

/** A refusal as Apollo Server answers with it: with its status, and when to come again. */
export function refusal(error: unknown): GraphQLError {
  const http: HTTPGraphQLHead = { status: 400, headers: new HeaderMap() };
  if (error instanceof HubError) {
    http.status = statuses[error.code] ?? 400;
    const { retryAfterMs } = error.details;
    if (typeof retryAfterMs === 'number') http.headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)));
    return withHead(new GraphQLError(error.message, { originalError: error }), http);
  }
  if (!(error instanceof GraphQLError)) throw error;
  const { source, positions } = error;
  const extensions = { code: 'GRAPHQL_PARSE_FAILED' };
  return withHead(new GraphQLError(error.message, { source, positions, extensions }), http);
}

/** graphql-yoga's types claim this extension for a shape of its own; Apollo Server reads a HeaderMap. */
const withHead = (error: GraphQLError, http: HTTPGraphQLHead): GraphQLError => {
  Object.assign(error.extensions, { http });
  return error;
};
