/** Admission control: one check of every request before anything is validated or run, on every transport. */
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
import type { CostBudgets } from '../../access/cost-budgets.ts';
import { budgetKey, maxNesting, maxTokens, type RoleLimits, roleLimits, unitsPerSecond } from '../../access/limits.ts';
import type { Principal } from '../../access/principal.ts';
import { HubError } from '../../domain/error-codes.ts';
import { LruCache } from '../../domain/lru-cache.ts';
import type { ReadShare } from '../../query/read-places.ts';
import type { TableSizes } from '../../query/table-sizes.ts';
import { headOf } from '../request/errors.ts';
import { measureOperation, noWeight, type Weight } from './measure-operation.ts';
import { holdsNul, measureInputs, measureText, type TextMeasure } from './measure-text.ts';
import type { StoredOperations } from './stored-operations.ts';

export interface AdmissionSettings {
  /** Whether roles of the hall's screens may send stored operations only. */
  readonly storedOperations: 'allow' | 'enforce';
  /** Who may ask for the schema; `developers` are the roles whose limits say so. */
  readonly introspection: 'everybody' | 'developers' | 'nobody';
  /** Multiplies the cost units per minute of every role. */
  readonly budgetFactor: number;
}
export interface GraphqlRequest {
  readonly query?: unknown;
  readonly operationName?: unknown;
  readonly variables?: unknown;
  readonly extensions?: unknown;
  readonly documentId?: unknown;
}
export interface Admission {
  /** The text that was checked: nothing else may run. */
  readonly text: string;
  readonly document: DocumentNode;
  readonly cost: CostReport;
  /** Whether it may look at very many rows, and so waits for other such requests. */
  readonly isHeavy: boolean;
}
/** Returned to developers who ask for it (`extensions: {cost: true}`). */
export interface CostReport {
  readonly estimated: number;
  readonly mostPerRequest: number;
  readonly leftThisMinute: number;
  /** The field whose objects cost most. */
  readonly dearest: string;
}

/** The query by which tools read a schema has about half as many. */
const maxIntrospectionFields = 500;
/** Units of rows that are looked at from which a request counts as heavy: about 500,000 rows. */
const heavyScans = 500;
/** Cost of a refused request. */
const refusedUnits = 1;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const wantsCost = (extensions: unknown): boolean => isRecord(extensions) && extensions.cost === true;

/** The id of a stored operation that a request names, in the way of Apollo's clients or as `documentId`. */
export function storedIdOf({ documentId, extensions }: GraphqlRequest): string | null {
  if (typeof documentId === 'string') return documentId;
  const persisted = isRecord(extensions) ? extensions.persistedQuery : null;
  return isRecord(persisted) && typeof persisted.sha256Hash === 'string' ? persisted.sha256Hash : null;
}

/** What admission control knows of a text. */
interface ReadDocument {
  readonly measure: TextMeasure;
  readonly document: DocumentNode;
  readonly literals: ReturnType<typeof literalsOf>;
  readonly weights: Map<OperationDefinitionNode, Weight>;
  /** Of the sizes of tables by which it was weighed. */
  sizesVersion: number;
  /** Whether it is a stored operation; null until it is first needed. */
  stored: boolean | null;
}
/** Tokens of all cached texts together; a parsed text takes about 300 bytes for each token. */
const keptTokens = 200_000;

export class AdmissionControl {
  private readonly documents = new LruCache<string, ReadDocument>(keptTokens);

  constructor(
    private readonly schema: GraphQLSchema,
    readonly stored: StoredOperations,
    private readonly budgets: CostBudgets,
    private readonly settings: AdmissionSettings,
    private readonly sizes: Pick<TableSizes, 'of' | 'version'>,
    /** Notes what is refused. */
    private readonly onRefused: (principal: Principal, error: unknown) => void,
  ) {}

  /**
   * Returns null if the request has no text, which the server itself reports. Throws a HubError, or graphql-js's syntax
   * error.
   */
  admit(principal: Principal, address: string, request: GraphqlRequest): Admission | null {
    try {
      return this.check(principal, address, request);
    } catch (error) {
      this.onRefused(principal, error);
      throw error;
    }
  }

  private check(principal: Principal, address: string, request: GraphqlRequest): Admission | null {
    const limits = roleLimits[principal.role];
    const pay = (units: number) => this.pay(budgetKey(principal, address), units, limits);
    pay(refusedUnits);
    // Over sockets the text is never missing, only empty.
    const text = (typeof request.query === 'string' && request.query) || this.stored.find(storedIdOf(request) ?? '');
    if (!text) return null;
    const known = this.documents.get(text) ?? this.read(text, limits);
    demandSmallText(known.measure, limits);
    if (!isRecord(request.variables ?? {}))
      throw new HubError('BAD_USER_INPUT', '`variables` must be a JSON object: send the values under their names');
    const given = measureInputs(request.variables, limits.inputs);
    demandAtMost('The variables have', given.depth, maxNesting, 'levels');
    const { document, literals } = known;
    demandAtMost('The request has', given.inputs + literals.count, limits.inputs, 'input values');
    if (given.holdsNul || literals.holdNul)
      throw new HubError('BAD_USER_INPUT', 'A value holds the character U+0000: leave it out');
    if (this.settings.storedOperations === 'enforce' && limits.operations === 'stored' && !this.isStored(known)) {
      throw new HubError(
        'OPERATION_NOT_STORED',
        'Your role may send stored operations only: see schema/operations.json',
      );
    }
    const weight = this.weigh(known, request, limits);
    const left = pay(Math.max(0, weight.cost - refusedUnits));
    return { text, document, cost: reportOf(weight, limits, left), isHeavy: weight.scans >= heavyScans };
  }

  /** Whether this reader may see the schema, and suggestions from it. */
  showsSchema({ role }: Principal): boolean {
    return this.mayIntrospect(roleLimits[role]);
  }
  private mayIntrospect(limits: RoleLimits): boolean {
    const { introspection } = this.settings;
    return introspection === 'everybody' || (introspection === 'developers' && limits.introspection);
  }

  /** Charges for costs that the document does not show, such as a stream from an old position. Throws RATE_LIMITED. */
  charge(principal: Principal, address: string, units: number): void {
    this.pay(budgetKey(principal, address), units, roleLimits[principal.role]);
  }

  /** Charges for time of the database that gave no answer; what the budget does not hold is owed. */
  chargeTime(principal: Principal, address: string, ms: number): void {
    const perMinute = roleLimits[principal.role].costPerMinute * this.settings.budgetFactor;
    this.budgets.owe(budgetKey(principal, address), (ms / 1000) * unitsPerSecond, perMinute);
  }

  /** The share of the read connections with which an admitted request reads. */
  shareOf(principal: Principal, address: string, isHeavy: boolean, whenGone: ReadShare['whenGone']): ReadShare {
    const spent = (ms: number) => this.chargeTime(principal, address, ms);
    return { reader: budgetKey(principal, address), isHeavy, whenGone, spent };
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

  /** Parses a text and caches it, so that the same text is parsed only once. */
  private read(text: string, limits: RoleLimits): ReadDocument {
    const measure = measureText(text, limits.tokens);
    demandSmallText(measure, limits);
    const document = parse(text, { maxTokens });
    const known: ReadDocument = {
      measure,
      document,
      literals: literalsOf(document),
      weights: new Map(),
      stored: null,
      sizesVersion: -1,
    };
    this.documents.set(text, known, measure.tokens);
    return known;
  }
  private isStored(known: ReadDocument): boolean {
    known.stored ??= this.stored.holds(known.document);
    return known.stored;
  }

  private weigh(known: ReadDocument, { operationName, variables }: GraphqlRequest, limits: RoleLimits): Weight {
    const { document, weights } = known;
    if (known.sizesVersion !== this.sizes.version) weights.clear();
    known.sizesVersion = this.sizes.version;
    const named = typeof operationName === 'string' ? operationName : undefined;
    const operation = getOperationAST(document, named);
    const given = isRecord(variables) ? variables : {};
    // If no operation is chosen, nothing will run but everything will be validated, so the most expensive one counts.
    const candidates = operation
      ? [operation]
      : document.definitions.filter(definition => definition.kind === Kind.OPERATION_DEFINITION);
    const all = candidates.map(each => {
      const weight = weights.get(each) ?? measureOperation(this.schema, document, each, given, this.sizes.of);
      // An operation whose page sizes come from variables has another cost each time.
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
    if (weight.introspectionFields && !this.mayIntrospect(limits)) {
      throw new HubError('FORBIDDEN', 'Your role may not introspect the schema: see schema/hub.graphql');
    }
    demandAtMost('The introspection has', weight.introspectionFields, maxIntrospectionFields, 'fields');
    demandAtMost('The introspection has', weight.introspectionAliases, 0, 'aliases');
    if (weight.cost <= limits.costPerRequest) return;
    const { path, cost } = weight.mostExpensive;
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

/** Caps the number at what a double holds exactly. */
const rounded = (cost: number): number => Math.min(Math.ceil(cost), Number.MAX_SAFE_INTEGER);

function reportOf({ cost, mostExpensive: dearest }: Weight, limits: RoleLimits, left: number): CostReport {
  return {
    estimated: rounded(cost),
    mostPerRequest: limits.costPerRequest,
    leftThisMinute: left,
    dearest: dearest.path,
  };
}

function demandSmallText({ tokens, nesting, directives }: TextMeasure, limits: RoleLimits): void {
  demandAtMost('The document has', tokens, limits.tokens, 'tokens', tokens > limits.tokens);
  demandAtMost('The document has', nesting, maxNesting, 'levels of brackets');
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

/** A refusal in the form that Apollo Server sends, with its HTTP status and `retry-after`. */
export function refusal(error: unknown): GraphQLError {
  const http: HTTPGraphQLHead = { status: 400, headers: new HeaderMap() };
  if (error instanceof HubError) {
    const { status, headers } = headOf(error);
    http.status = status;
    for (const [name, value] of Object.entries(headers)) http.headers.set(name, value);
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
