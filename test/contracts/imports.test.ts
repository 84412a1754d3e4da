import { describe, expect, test } from '@jest/globals';
import { readSource, readSources, type SourceFile, type SourceImport } from '../support/source-imports.ts';

interface Rule {
  readonly module: string;
  /** The folder or the file that the rule is about. */
  readonly at: string;
  readonly mayImport: readonly string[];
  readonly because: string;
}

/** Modules from the lowest to the highest; a module may import only modules above it in this list. */
const rules: readonly Rule[] = [
  {
    module: 'kit',
    at: 'adapters/kit/',
    mayImport: [],
    because: 'an adapter is written and tested with the kit alone, so the kit knows nothing of the hub',
  },
  {
    module: 'domain',
    at: 'src/domain/',
    mayImport: ['kit'],
    because: 'rules are pure: whoever reads a decision need not know tables, clocks or protocols',
  },
  {
    module: 'catalog',
    at: 'src/catalog/',
    mayImport: ['kit', 'domain'],
    because: 'what exists is data from which tables and types derive, never the other way round',
  },
  {
    module: 'store',
    at: 'src/store/',
    mayImport: ['kit', 'domain', 'catalog'],
    because: 'only the store writes; it does not know who reads or who asked',
  },
  {
    module: 'access',
    at: 'src/access/',
    mayImport: ['kit', 'domain', 'catalog'],
    because: 'one policy, as data, serves SQL, events and live records alike, so it depends on none of them',
  },
  {
    module: 'audit',
    at: 'src/audit/',
    mayImport: ['kit', 'domain'],
    because: 'the proof stands on the log and its roots alone, so it knows neither tables nor policy nor readers',
  },
  {
    module: 'query',
    at: 'src/query/',
    mayImport: ['kit', 'domain', 'catalog', 'store', 'access'],
    because: 'reads are compiled with the policy in them and know nothing of GraphQL servers',
  },
  {
    module: 'feed',
    at: 'src/feed/',
    mayImport: ['domain', 'store'],
    because: 'the order of changes is the same for every reader, so the feed knows neither policy nor schema',
  },
  {
    module: 'ingest',
    at: 'src/ingest/',
    mayImport: ['kit', 'domain', 'catalog', 'store'],
    because:
      'everything flows one way, from source to screen: what reads agencies does not know the readers of the hub',
  },
  {
    module: 'request',
    at: 'src/api/request/',
    mayImport: ['kit', 'domain', 'catalog', 'store', 'access', 'audit', 'query', 'feed', 'ingest'],
    because:
      'who asks, and what a request has shown, is the same for all that runs; it knows neither schema nor transport',
  },
  {
    module: 'queries',
    at: 'src/api/queries/',
    mayImport: ['domain', 'catalog', 'store', 'access', 'query', 'request'],
    because: "it reads GraphQL's selections in the words of the compiler; the schema is given to it",
  },
  {
    module: 'admission',
    at: 'src/api/admission/',
    mayImport: ['domain', 'access', 'query', 'request'],
    because: 'a request is checked before anything is validated or run, so the check knows nothing of what runs',
  },
  {
    module: 'schema',
    at: 'src/api/schema/',
    mayImport: ['kit', 'domain', 'catalog', 'store', 'access', 'audit', 'query', 'feed', 'request', 'queries'],
    because: 'the graph derives from the catalog; whoever serves it stands above it',
  },
  {
    module: 'subscriptions',
    at: 'src/api/subscriptions/',
    mayImport: ['domain', 'catalog', 'access', 'audit', 'query', 'feed', 'request', 'admission', 'schema'],
    because: 'events are executed once for all who see the same, whichever transport they are sent over',
  },
  {
    module: 'dry run',
    at: 'src/api/dry-run/',
    mayImport: ['domain', 'catalog', 'access', 'query', 'feed', 'request', 'queries', 'schema'],
    because: 'it runs what readers run, under other rules, and serves nobody',
  },
  {
    module: 'transport',
    at: 'src/api/transport/',
    mayImport: [
      ...['kit', 'domain', 'access', 'feed', 'ingest'],
      ...['request', 'queries', 'admission', 'subscriptions'],
    ],
    because: 'transports are the top of the hub; they are given their parts and read no environment',
  },
  {
    module: 'client',
    at: 'src/client/',
    mayImport: [],
    because: 'it runs in the browsers of the hall, which have nothing of the hub',
  },
  {
    module: 'export',
    at: 'src/export/',
    mayImport: ['domain', 'access', 'audit', 'request', 'queries', 'admission', 'transport'],
    because: 'an export is a reader of the API like any other: it asks, page by page, and writes files',
  },
  {
    module: 'config',
    at: 'src/config.ts',
    mayImport: ['kit', 'domain', 'catalog', 'access'],
    because: 'settings are read once and handed down, some of them by role; they start nothing',
  },
  {
    module: 'hub parts',
    at: 'src/hub/',
    mayImport: ['kit', 'domain', 'catalog', 'store', 'access', 'audit', 'ingest', 'config'],
    because: 'a part is opened by settings alone, so a command can open it without the hub',
  },
  {
    module: 'hub',
    at: 'src/hub.ts',
    mayImport: [
      'kit',
      'domain',
      'catalog',
      'store',
      'access',
      'audit',
      'query',
      'feed',
      'ingest',
      'request',
      'queries',
      'admission',
      'schema',
      'transport',
      'export',
      'config',
      'hub parts',
    ],
    because: 'the composition root builds the parts, and only commands build it',
  },
  {
    module: 'cli',
    at: 'src/cli/',
    mayImport: [
      ...['kit', 'domain', 'catalog', 'store', 'access', 'audit', 'query', 'feed', 'ingest', 'config', 'hub'],
      ...['request', 'admission', 'schema', 'dry run', 'hub parts', 'seeds'],
    ],
    because: 'commands are the outermost part: they alone know the invented town',
  },
  {
    module: 'seeds',
    at: 'seeds/',
    mayImport: ['kit'],
    because:
      'a pretend system that shared code with the hub or its adapter would share its mistakes, and prove nothing',
  },
  {
    module: 'adapter',
    at: 'adapters/',
    mayImport: ['kit'],
    because: 'an agency is one folder: it can be added, changed and removed without looking at any other',
  },
];

const api = ['request', 'queries', 'admission', 'schema', 'subscriptions', 'dry run', 'transport'];

/**
 * The modules that may import a package; a package that is not named here may be imported wherever its module decides.
 */
const packageRules: readonly { packages: RegExp; modules: readonly string[]; because: string }[] = [
  { packages: /^@mikro-orm\//, modules: ['store'], because: 'tables and migrations belong to the store' },
  {
    packages: /^pg$/,
    modules: ['store', 'feed', 'cli', 'adapter', 'seeds'],
    because:
      "writes belong to the store, listening to the feed; a command makes the demo's database, an agency may have its own",
  },
  {
    packages: /^(graphql|@apollo\/.*|@as-integrations\/.*|@graphql-yoga\/.*|graphql-scalars|type-graphql|fastify)$/,
    modules: [...api, 'export'],
    because: 'GraphQL and its servers end in the API',
  },
  {
    packages: /^dataloader$/,
    modules: ['request', 'access'],
    because: 'what readers of one moment ask of agencies live goes together, and so do the cases of their purposes',
  },
  {
    packages: /^(graphql-ws|ws)$/,
    modules: ['transport', 'cli'],
    because: 'a transport serves sockets, and the client of the commands uses them',
  },
  {
    packages: /^jose$/,
    modules: ['access', 'config', 'seeds'],
    because: 'tokens are verified by access, clients of the identity provider sign, config has the shape of the keys',
  },
  {
    packages: /^zod$/,
    modules: ['kit', 'adapter', 'config', 'store', 'cli'],
    because: 'declarations carry their validators; elsewhere they are called, not written',
  },
  { packages: /^(apache-arrow|hyparquet-writer)$/, modules: ['export'], because: 'formats of files are written there' },
  {
    packages: /^pino$/,
    modules: ['hub', 'hub parts', ...api, 'ingest', 'export'],
    because: 'who logs is given a logger by the hub',
  },
  {
    packages: /^(fast-xml-parser|proj4|ssh2-sftp-client)$/,
    modules: ['adapter', 'seeds'],
    because: "an agency's protocol is known in its folder only, and by the system that pretends to be it",
  },
  {
    packages: /^(@jest\/.*|jest|oidc-provider|ssh2)$/,
    modules: ['seeds'],
    because: 'the product runs without the tools of its tests',
  },
];

/** An adapter speaks its agency's protocol with these packages and uses no others. */
const adapterPackages = /^(fast-xml-parser|pg|proj4|ssh2-sftp-client|zod|node:.*)$/;
const kitPackages = /^(zod|node:.*)$/;

const folderOf = (file: string) => file.split('/').slice(0, 2).join('/');
const ruleOf = (file: string) => rules.find(({ at }) => (at.endsWith('/') ? file.startsWith(at) : file === at));

function fault({ file, target, packageName, specifier }: SourceImport): string | null {
  const rule = ruleOf(file);
  if (!rule) return `${file} belongs to no module of the table in test/contracts/imports.test.ts`;
  const refusal = (because: string) => `${file} imports ${specifier}: ${because}`;
  if (packageName) return packageFault(rule.module, packageName, refusal);
  if (target!.startsWith('test/')) return refusal('the product does not know its tests');
  const other = ruleOf(target!);
  if (!other) return refusal('it is no module of the table in test/contracts/imports.test.ts');
  const own = rule.module === 'adapter' ? folderOf(file) === folderOf(target!) : rule.module === other.module;
  if (own || rule.mayImport.includes(other.module)) return null;
  return refusal(
    `${rule.module} may import ${rule.mayImport.join(', ') || 'no other module'}, because ${rule.because}`,
  );
}

function packageFault(module: string, name: string, refusal: (because: string) => string): string | null {
  if (module === 'adapter' && !adapterPackages.test(name)) {
    return refusal("an adapter may import protocol clients only: retries, logs, tables and schedules are the hub's");
  }
  if (module === 'kit' && !kitPackages.test(name)) return refusal('the kit may import zod only');
  const owner = packageRules.find(({ packages }) => packages.test(name));
  if (!owner || owner.modules.includes(module)) return null;
  return refusal(`only ${owner.modules.join(', ')} may, because ${owner.because}`);
}

const faultsOf = (sources: readonly SourceFile[]) =>
  sources.flatMap(({ imports }) => imports.map(fault).filter(text => text !== null));

const sources = readSources('src', 'adapters', 'seeds').filter(({ file }) => !file.endsWith('.test.ts'));

test('modules import only what the table allows', () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(faultsOf(sources)).toEqual([]);
});

test('the table is ordered: no module may import one that stands below it', () => {
  const known = new Set(['seeds']);
  for (const { module, mayImport } of rules) {
    expect([module, mayImport.filter(other => !known.has(other))]).toEqual([module, []]);
    known.add(module);
  }
});

test('every row of the table is about files that exist', () => {
  for (const rule of rules) {
    expect([rule.module, sources.some(({ file }) => ruleOf(file) === rule)]).toEqual([rule.module, true]);
  }
});

test("only the kit's index passes on what other files export", () => {
  expect(sources.filter(source => source.isBarrel).map(({ file }) => file)).toEqual(['adapters/kit/index.ts']);
});

describe('an import that breaks the table is reported with the rule and its reason', () => {
  const refused: readonly [does: string, file: string, text: string, reason: RegExp][] = [
    [
      'an import upwards',
      'src/domain/x.ts',
      `import { a } from '../store/apply.ts';`,
      /domain may import kit, because/,
    ],
    [
      'an export from',
      'src/store/x.ts',
      `export { a } from '../api/transport/server.ts';`,
      /store may import .*only the store/,
    ],
    ['a type', 'src/feed/x.ts', `import type { A } from '../access/policy.ts';`, /neither policy nor schema/],
    ['a type in place', 'src/query/x.ts', `let a: import('../hub.ts').RunningHub;`, /know nothing of GraphQL/],
    [
      'an import at run time',
      'src/ingest/x.ts',
      `const a = await import('../api/transport/server.ts');`,
      /flows one way/,
    ],
    ['a computed one', 'seeds/x.ts', `const f = (a: string) => import(\`../src/cli/\${a}.ts\`);`, /prove nothing/],
    ['a neighbour', 'adapters/land/x.ts', `import '../police/codes.ts';`, /an agency is one folder/],
    ["the adapter's pretend system", 'adapters/land/x.ts', `import '../../seeds/township/days.ts';`, /one folder/],
    [
      "a pretend system's adapter",
      'seeds/systems/x.ts',
      `import '../../adapters/land/codes.ts';`,
      /share its mistakes/,
    ],
    ['a test', 'src/cli/x.ts', `import '../../test/support/database.ts';`, /does not know its tests/],
    [
      'a package of another',
      'src/query/x.ts',
      `import { graphql } from 'graphql';`,
      /only request, queries, .*export may/,
    ],
    [
      'a path in a package',
      'src/hub.ts',
      `import '@apollo/server/plugin/disabled';`,
      /only request, queries, .*export may/,
    ],
    ['a logger', 'adapters/land/x.ts', `import pino from 'pino';`, /protocol clients only/],
    ['a module nobody knows', 'src/fresh/x.ts', `import 'node:path';`, /belongs to no module/],
  ];
  test.each(refused)('%s', (_does, file, text, reason) => {
    const faults = faultsOf([readSource(file, text)]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(reason);
    expect(faults[0]).toContain(file);
  });

  test('an import that keeps to the table is not reported', () => {
    const good = [
      readSource(
        'src/api/request/x.ts',
        `import DataLoader from 'dataloader'; import { a } from '../../ingest/lookup.ts';`,
      ),
      readSource('adapters/land/x.ts', `import proj4 from 'proj4'; import { a } from './codes.ts';`),
      readSource('adapters/land/y.ts', `import { text } from '../kit/index.ts';`),
    ];
    expect(faultsOf(good)).toEqual([]);
  });
});
