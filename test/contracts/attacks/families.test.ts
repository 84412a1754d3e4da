/** Every family of attacks that the hub must withstand has an entry by name; removing an entry fails here. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const families: Readonly<Record<string, readonly [file: string, ...entries: string[]]>> = {
  'a thousand aliases': ['documents', 'a thousand aliases of one list'],
  'array batches': ['requests', 'a batch of operations'],
  'directive floods': ['documents', 'a flood of directives', 'directives that nobody knows'],
  'deep recursion': ['documents', 'fields in fields, deeper than any question', 'brackets in brackets'],
  'list products': ['documents', 'lists times lists', 'the same list as nodes and as edges, in fragments'],
  'fragment cycles': ['documents', 'fragments in a circle'],
  'fragment fans': ['documents', 'a fan of fragments', 'a fan of spreads'],
  'overlapping fields': ['documents', 'overlapping fields, all against all'],
  '20,000 tokens': ['documents', 'twenty thousand words'],
  'huge variables': ['documents', 'variables with fifteen thousand elements', 'variables that nobody declared'],
  'introspection loops': ['documents', 'an introspection in circles', 'an introspection many times over'],
  'suggestion probing': ['stored-operations', 'nobody else is helped to guess it'],
  'GET mutations': ['requests', 'a mutation by GET'],
  'urlencoded posts': ['requests', 'a form that is posted'],
  'text/plain posts': ['requests', 'plain text that is posted', 'plain text that calls itself preflighted'],
  multipart: ['requests', 'files in parts'],
  'subscription floods': ['sockets', 'subscriptions beyond the number of one reader are refused'],
  'init floods': ['sockets', 'a second greeting closes the socket', 'sockets beyond the number of one address'],
  'pages of other sites': [
    'requests',
    'a question by POST from another site',
    'a stream by GET from another site',
    'a file from another site',
    'a preflight from another site',
  ],
  'sockets of other sites': ['sockets', 'a page of the origin %s opens no socket'],
  'slow-loris sockets': [
    'sockets',
    'a socket that says nothing is closed',
    'a greeting that comes byte by byte is cut off',
    'a client that does not answer to pings is let go',
  ],
  'slow-loris requests': ['requests', 'a head that comes drop by drop is cut off', 'a body that comes drop by drop'],
  'resume-from-zero floods': ['sockets', 'readers who always begin at the beginning', 'a stranger who begins at the'],
  'forged cursors': ['values', 'a forged cursor %s is refused', "another list's cursor opens no door"],
  'forged cursors of a stream': ['sockets', 'a cursor that was not made here is refused'],
  'cost evasion through variables': ['documents', 'sizes in variables', 'sizes as defaults of variables'],
  'SQL and log injection': [
    'values',
    'SQL, log lines and markup as %s',
    'every scalar that can be given has a way here',
  ],
  'forged tokens': [
    'tokens',
    'no forged token opens anything',
    'a forged token is refused on each transport',
    'the header %s makes nobody a clerk',
  ],
  'replayed webhooks': ['deliveries', 'a delivery that is replayed', 'an old line that comes back'],
  'tampered webhooks': ['deliveries', 'with another body', 'with a newer timestamp on an old signature'],
  'unsigned webhooks': ['deliveries', 'is refused by its head, before a byte', 'a stranger on sixty connections'],
  'endless bodies': ['deliveries', 'and reads only then, still reads 413', 'whoever never stops sending is cut off'],
  'brackets in brackets': ['requests', 'brackets in brackets', 'variables in variables'],
  'poisoned XML': ['sources', 'entities that double ten times over', 'an entity that is a file'],
  'zip bombs on SFTP': ['sources', 'a packed bomb is a file with a wrong line'],
  'CSV bombs on SFTP': [
    'sources',
    'a line without end',
    'a file of pipes and feeds only',
    'a page of the longest lines',
  ],
  'dates that are none on SFTP': ['sources', 'a file of a day that is none'],
  'redirects of agencies': ['sources', 'follows none, with any status', 'reach a server that is not in the settings'],
  'unmasking in masses': ['values', 'a reason to unmask is words and nothing else'],
};

test.each(Object.entries(families))('%s', (_family, [file, ...entries]) => {
  const text = readFileSync(new URL(`${file}.test.ts`, import.meta.url), 'utf8');
  expect(entries.filter(entry => !text.includes(entry))).toEqual([]);
});

test('forged and confused tokens include those that somebody would try', () => {
  const text = ['../../support/token-issuer.ts', 'tokens.test.ts']
    .map(file => readFileSync(new URL(file, import.meta.url), 'utf8'))
    .join('\n');
  const tried = [
    'alg none',
    'for another audience',
    'expired',
    'HS256 with the public key',
    'with its key in the header',
  ];
  expect(tried.filter(name => !text.includes(name))).toEqual([]);
});
