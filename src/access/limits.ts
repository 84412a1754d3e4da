/** How much each role may ask: one table, in force for HTTP and sockets alike. Sizes are data, `src/api/door.ts` applies them. */
import type { Principal, Role } from './principal.ts';

export interface RoleLimits {
  /** Levels of an operation, fragments unfolded. */
  readonly depth: number;
  /** Fields of a document, each fragment counted wherever it is spread. */
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly tokens: number;
  /** Values in the variables and arguments of a request, each member and element counted. */
  readonly inputs: number;
  /** Largest `first` or `last`. */
  readonly pageSize: number;
  /** Units; about one for each object that may be read. */
  readonly costPerRequest: number;
  readonly costPerMinute: number;
  readonly sockets: number;
  /** Operations under way on the sockets of one principal. */
  readonly subscriptions: number;
  /** Schema and suggestions ("Did you mean"), where they are not open to everybody. */
  readonly introspection: boolean;
  /** `stored`: only documents of schema/operations.json, where the hub enforces them. */
  readonly operations: 'stored' | 'any';
}

/** What one reader may see of persons in a day of the town, over all processes, exports and boards. */
export interface PersonLimits {
  /** Different persons shown whole. */
  readonly persons: number;
  /** Records unmasked on demand. */
  readonly unmasked: number;
  /** Look-ups by something personal that find nobody. */
  readonly misses: number;
}
const nobodyWhole: PersonLimits = { persons: 0, unmasked: 0, misses: 0 };
/**
 * A window serves some forty applicants a day, each with four or five relatives, co-owners or partners in what it must
 * look at; who cannot be found is mostly a slip of the pen, and a number that is masked in part needs thousands of tries. `HUB_PERSONS_PER_DAY` and its neighbours set other numbers.
 */
export const personLimits: Readonly<Record<Role, PersonLimits>> = {
  public: nobodyWhole,
  clerk: { persons: 200, unmasked: 20, misses: 100 },
  // Whole lists of one agency pass an officer's desk.
  officer: { persons: 300, unmasked: 20, misses: 100 },
  // A village has some hundred households; an agent sees to a few applications a day.
  'village-agent': { persons: 40, unmasked: 10, misses: 20 },
  director: nobodyWhole,
  analyst: nobodyWhole,
  integrator: nobodyWhole,
  // A report about a person is a look-up of that person.
  auditor: { persons: 0, unmasked: 0, misses: 100 },
  'system-admin': nobodyWhole,
  'security-admin': nobodyWhole,
  'audit-admin': nobodyWhole,
};

/** Who works at a screen of the hall: the screens' documents are known, so are their sizes. */
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
/** Who writes documents: they are not known before, so their cost decides and not their shape. */
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
/** Who looks at how the hub is run, now and then. */
const administrator: RoleLimits = {
  ...hallApp,
  costPerMinute: 50_000,
  sockets: 4,
  subscriptions: 10,
  operations: 'any',
};

export const roleLimits: Readonly<Record<Role, RoleLimits>> = {
  // Nobody answers for what the public asks: enough to browse what is open.
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

/** No document that any role may send has more; what has more is not even parsed. */
export const mostTokens = Math.max(...Object.values(roleLimits).map(limits => limits.tokens));

/**
 * Who shares a budget: the subject of a token; without one, whoever comes from the address (in IPv6 the network of a
 * household, because each household has more addresses than any table has rows).
 */
export function budgetKey({ role, subject }: Principal, address: string): string {
  if (subject !== null) return `${role} ${subject}`;
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return `public ${plain.includes(':') ? networkOf(plain) : plain}`;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean);
  while (tail !== undefined && groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after].slice(0, 4).join(':');
}
