/** Ways that execute or explain something, and what a refusal says. */
import { holds } from '../../../src/access/rows.ts';
import { isStored } from '../../../src/catalog/catalog.ts';
import { testTask } from '../test-purposes.ts';
import type { Reader } from './readers.ts';
import { unmask as unmaskFor } from './readers.ts';
import type { Walk } from './walk.ts';
import type { Asking } from './watched-request.ts';
import { chosen } from './ways-to-rows.ts';

const reason = 'calls back about a certificate';
const mutation = 'mutation ($id: ID!, $reason: String!) { requestUnmask(id: $id, reason: $reason) { grant id until } }';

/** Readers who have a record unmasked see it whole from then on, without a purpose. */
export async function unmaskSome(walk: Walk, reader: Reader): Promise<void> {
  const purpose = reader.role === 'village-agent' ? `case:${walk.stated.caseNo}` : `task:${testTask}`;
  const headers = { ...reader.headers, 'x-purpose': purpose };
  const records: { noun: string; id: string }[] = [];
  for (const noun of walk.nouns) {
    const isPersonal = [...noun.columns.values()].some(({ field }) => field.sensitivity === 'personal');
    const row = reader.policy.sees(noun) && isPersonal ? chosen(walk, reader, noun) : null;
    // Only so many records may be unmasked at the same time.
    const isSeen = row && holds(reader.policy.rows(noun), row, walk.truth.town.world);
    if (!row || !isSeen || records.length === 10) continue;
    const variables = { id: `${noun.name}:${row.id}`, reason };
    const question = { way: 'answer of requestUnmask', text: mutation, variables };
    const { data } = await walk.ask({ ...reader, headers }, question);
    if (data.requestUnmask) records.push({ noun: noun.name, id: String(row.id) });
  }
  unmaskFor(reader, walk.ground, records);
}

/** The actions that every reader tries, whoever may use them. */
export async function acts(walk: Walk, reader: Reader): Promise<void> {
  const person = walk.truth.catalog.stored('Person');
  const row = chosen(walk, reader, person)!;
  const id = `Person:${row.id}`;
  const own = (type: string) => walk.selections.own(walk.selections.object(type));
  const ask = (way: string, text: string, sought = {}) => walk.ask(reader, { way, text, sought });
  await ask(
    'answer of endSession',
    `mutation { endSession(session: "nobody's", reason: "the device was lost") { ${own('EndedSession')} } }`,
  );
  await ask(
    'answer of orderSealing',
    `mutation { orderSealing(number: "1 of ${reader.name}", subject: "nobody", until: "${inAMonth()}") { ${own('SealingOrderWritten')} } }`,
  );
  await walk.ask(reader, {
    way: 'answer of requestUnmask',
    mayBeWrong: true,
    text: `mutation { requestUnmask(id: "${id}", reason: "no") { ${own('UnmaskedRecord')} } }`,
  });
  const reports = `dataSubjectReport(residentId: ${JSON.stringify(row.resident_id)}, first: 200)`;
  await ask(
    'report to the person',
    `query { it: ${reports} { ${own('DataSubjectReport')} accesses { ${own('PersonalDataAccess')} } } }`,
    { it: [String(row.id)] },
  );
  await explanations(walk, reader);
  const viewer = `${own('Viewer')} limits { ${own('ViewerLimits')} persons { ${own('DayQuota')} } } mayAsk { ${own('AskableField')} }`;
  await ask('what readers are told of themselves', `{ viewer { ${viewer} } }`);
  const entry = `${own('AuditEntry')} details { ${own('AuditDetail')} }`;
  await ask(
    'page of the audit log',
    `query { auditEntries(first: 200) { ${own('AuditEntries')} nodes { ${entry} } } }`,
  );
}
const inAMonth = (): string => new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);

async function explanations(walk: Walk, reader: Reader): Promise<void> {
  const own = walk.selections.own(walk.selections.object('AccessExplanation'));
  const fields = walk.selections.own(walk.selections.object('FieldAccess'));
  const roots = walk.nouns.flatMap(noun => {
    const row = chosen(walk, reader, noun);
    if (!row || !isStored(noun)) return [];
    const of = `id: "${noun.name}:${row.id}", reader: { role: "clerk", purpose: "task:test" }`;
    return [`explainAccess(${of}) { ${own} fields { ${fields} } }`];
  });
  await walk.askAll(reader, 'explanation of access', roots.slice(0, 20));
}

/** Requests with somebody's words in every wrong place: the answers must repeat none of them. */
export async function mistakes(walk: Walk, reader: Reader): Promise<void> {
  const { residentId, name, phone, address } = walk.township.residents[0]!;
  const { headers } = reader;
  const posted = (query: string, variables: object = {}): Asking => {
    return { path: '/graphql', method: 'POST', headers, body: JSON.stringify({ query, variables }) };
  };
  const wordy = [name, residentId, phone, address];
  const wrong = wordy.flatMap(word => {
    const text = JSON.stringify(word);
    const encoded = encodeURIComponent(word);
    return [
      posted(`{ persons(first: ${text}) { totalCount } }`),
      posted(`{ persons(after: ${text}) { totalCount } }`),
      posted(`{ persons(asOf: ${text}) { totalCount } }`),
      posted(`{ persons(where: { birthDate: { eq: ${text} } }) { totalCount } }`),
      posted(`{ persons(where: { sex: { eq: ${text} } }) { totalCount } }`),
      posted(`{ persons(orderBy: [${text}]) { totalCount } }`),
      posted(`{ node(id: ${text}) { id } }`),
      posted(`{ person(residentId: ${text}) { nothing } }`),
      posted(`{ person(residentId: ${text}`),
      posted(`query ($n: Int!) { persons(first: $n) { totalCount } }`, { n: word }),
      posted(`query ($w: PersonWhere) { persons(where: $w) { totalCount } }`, { w: { sex: { eq: word } } }),
      posted(`query ($w: PersonWhere) { persons(where: $w) { totalCount } }`, { w: { [word]: { eq: word } } }),
      posted(`{ search(text: ${JSON.stringify(word.repeat(20))}) { id } }`),
      posted(`mutation { requestUnmask(id: ${text}, reason: ${text}) { id } }`),
      posted(`mutation { orderExport(operation: ${text}, format: ${text}) { path } }`),
      posted(`query { dataSubjectReport(residentId: ${text}0) { more } }`),
      { path: '/graphql', method: 'POST', headers, body: `{"query": ${text}` },
      { path: `/graphql?query=${encodeURIComponent(`{ person(residentId: ${text}) { nothing } }`)}`, headers },
      { path: `/graphql/stream?query=${encodeURIComponent(`{ node(id: ${text}) { id } }`)}`, headers },
      ...['/', '/export/', '/export/tickets/', '/export/manifests/'].map(path => ({
        path: `${path}${encoded}.csv`,
        headers,
      })),
      { path: `/push/${encoded}`, method: 'POST', headers, body: word },
      { path: '/push/food-drug', method: 'POST', headers, body: word },
      { path: '/push/food-drug', method: 'POST', headers: { ...headers, ...wellFormed() }, body: word },
      { path: '/graphql', method: 'POST', headers: { ...headers, authorization: `Bearer ${encoded}` }, body: '{}' },
      stating(posted('{ agencies { totalCount } }'), `task:${encoded}`),
      stating(posted('{ agencies { totalCount } }'), encoded),
    ];
  });
  for (const asking of wrong) {
    const { head, text } = await walk.watcher.ask(reader.subject, asking);
    walk.judge.plain('words of a mistake', reader, `${decodedOf(head)} ${text}`);
  }
}
/** What proves a delivery, in the right form: only its body shows that it is from nobody. */
const wellFormed = () => ({
  'x-ea-timestamp': String(Math.floor(Date.now() / 1000)),
  'x-ea-signature': `sha256=${'0'.repeat(64)}`,
});
const stating = (asking: Asking, purpose: string): Asking => ({
  ...asking,
  headers: { ...asking.headers, 'x-purpose': purpose },
});
const decodedOf = (head: string): string => `${head} ${head.replaceAll(/(%[0-9A-F]{2})+/gi, part => safely(part))}`;
function safely(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Routes that show no record. */
export async function plainRoutes(walk: Walk, reader: Reader): Promise<void> {
  const html = { ...reader.headers, accept: 'text/html' };
  const asked: Asking[] = [
    ...['/livez', '/readyz', '/nothing'].flatMap(path => ['GET', 'HEAD'].map(method => ({ path, method }))),
    { path: '/graphql', headers: html },
    { path: '/graphql', method: 'OPTIONS', headers: reader.headers },
    ...['/graphql', '/graphql/stream', '/export/cases-by-month.csv'].map(path => ({
      path,
      method: 'HEAD',
      headers: reader.headers,
    })),
  ];
  for (const asking of asked) {
    const { head, text } = await walk.watcher.ask(reader.subject, asking);
    walk.judge.plain('plain routes', reader, head + text);
  }
}
