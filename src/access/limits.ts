/**
 * How much each role may ask: one table, for every transport. The sizes are data; admission control applies
 * them.
 */
import type { Principal, Role } from './principal.ts';

export interface RoleLimits {
  /** Levels of an operation, with fragments expanded. */
  readonly depth: number;
  /** Fields of a document; each fragment counts wherever it is spread. */
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly tokens: number;
  /** Values in the variables and arguments of a request, each member and element counted. */
  readonly inputs: number;
  /** Largest `first` or `last`. */
  readonly pageSize: number;
  /** Cost units; about one for each object that may be read. */
  readonly costPerRequest: number;
  readonly costPerMinute: number;
  readonly sockets: number;
  /** Operations under way on all connections of one principal. */
  readonly subscriptions: number;
  /** Schema and suggestions ("Did you mean"), where they are not open to everybody. */
  readonly introspection: boolean;
  /** `stored`: only documents of schema/operations.json, where the hub enforces that. */
  readonly operations: 'stored' | 'any';
}

/** What one reader may see of persons in a day of the town, over all processes, exports and boards. */
export interface PersonLimits {
  /** Different persons shown whole. */
  readonly persons: number;
  /** Unmask grants. */
  readonly unmasked: number;
  /** Searches by something personal that find nobody. */
  readonly misses: number;
}
const nobodyWhole: PersonLimits = { persons: 0, unmasked: 0, misses: 0 };
/**
 * A window serves some forty applicants a day, each with four or five relatives, co-owners or partners whom it must
 * look at. A search that finds nobody is mostly a typing error; guessing a number that is masked in part needs
 * thousands of tries. `HUB_PERSONS_PER_DAY` and the settings beside it replace these numbers.
 */
export const personLimits: Readonly<Record<Role, PersonLimits>> = {
  public: nobodyWhole,
  clerk: { persons: 200, unmasked: 20, misses: 100 },
  // Officers look through whole lists of one agency.
  officer: { persons: 300, unmasked: 20, misses: 100 },
  // A village has some hundred households; an agent handles a few applications a day.
  'village-agent': { persons: 40, unmasked: 10, misses: 20 },
  director: nobodyWhole,
  analyst: nobodyWhole,
  integrator: nobodyWhole,
  // A report about a person is a search for that person.
  auditor: { persons: 0, unmasked: 0, misses: 100 },
  'system-admin': nobodyWhole,
  'security-admin': nobodyWhole,
  'audit-admin': nobodyWhole,
};

/** People at a screen of the hall: the screens' documents are known, and so are their sizes. */
const hallApp: RoleLimits = {
  depth: 14,
  fields: 500,
  aliases: 100,
  directives: 20,
  tokens: 3_000,
  inputs: 500,
  pageSize: 200,
  costPerRequest: 20_000,
  costPerMinute: 200_000,
  sockets: 10,
  subscriptions: 50,
  introspection: false,
  operations: 'stored',
};
/** People who write documents: these are not known before, so their cost decides and not their shape. */
const developer: RoleLimits = {
  ...hallApp,
  fields: 1_000,
  aliases: 500,
  directives: 50,
  tokens: 5_000,
  inputs: 2_000,
  costPerRequest: 50_000,
  costPerMinute: 500_000,
  introspection: true,
  operations: 'any',
};
/** People who look now and then at how the hub runs. */
const administrator: RoleLimits = {
  ...hallApp,
  costPerMinute: 50_000,
  sockets: 4,
  subscriptions: 10,
  operations: 'any',
};

export const roleLimits: Readonly<Record<Role, RoleLimits>> = {
  // Anonymous readers: enough to browse what is open.
  public: {
    ...hallApp,
    fields: 400,
    aliases: 30,
    directives: 10,
    tokens: 1_500,
    inputs: 100,
    costPerRequest: 5_000,
    costPerMinute: 30_000,
    sockets: 4,
    subscriptions: 4,
    operations: 'any',
  },
  clerk: hallApp,
  officer: hallApp,
  'village-agent': { ...hallApp, costPerMinute: 50_000, sockets: 4, subscriptions: 10 },
  director: { ...hallApp, costPerRequest: 50_000 },
  analyst: developer,
  integrator: { ...developer, costPerRequest: 20_000, costPerMinute: 200_000 },
  auditor: administrator,
  'system-admin': { ...administrator, introspection: true },
  'security-admin': administrator,
  'audit-admin': administrator,
};

/**
 * What a second of the database costs that ended without an answer: in a time-out, or because the reader went away. A
 * clerk's minute pays for 40 seconds of one connection.
 */
export const unitsPerSecond = 5_000;

/** Most nested brackets: far more than any depth of fields needs, far fewer than would overflow the parser's stack. */
export const maxNesting = 100;
/** The same of a request in JSON: its variables, and what stands around them. */
export const deepestJson = maxNesting + 4;

/** The largest number of tokens that any role may send; a document with more is not even parsed. */
export const maxTokens = Math.max(...Object.values(roleLimits).map(limits => limits.tokens));

/** The key of a shared budget: the subject of a token, or else the sender. */
export function budgetKey({ role, subject }: Principal, address: string): string {
  if (subject !== null) return `${role} ${subject}`;
  return `public ${senderOf(address)}`;
}

/**
 * Whom an address belongs to: in IPv6 the network of a household, because each household has more addresses than any
 * table has rows.
 */
export function senderOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? networkOf(plain) : plain;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean);
  while (tail !== undefined && groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after].slice(0, 4).join(':');
}
