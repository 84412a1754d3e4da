import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { MarketEntity } from '../../../adapters/commerce/records.ts';
import { parseCsv } from '../../../seeds/reference/parse-csv.ts';
import { csvCell, formatNames } from '../../../src/export/formats.ts';
import { auditPlaces } from '../../support/audit-folder.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { project } from '../../support/source-imports.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
const audit = auditPlaces();
let town: TestHub;
beforeAll(async () => {
  town = await startTestHub({ agencies, population: 500, reference: true, environment: audit });
  await town.synchronised();
});
afterAll(() => town?.stop());

interface File {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}
type Who = 'clerk' | 'analyst' | null;
/** This uses node:http because fetch does not expose trailers. */
const get = (file: string, who: Who = 'analyst', purpose: string | null = null) =>
  new Promise<File>((resolve, reject) => {
    const headers = {
      ...(who && { authorization: `Bearer ${town.tokens[who]}` }),
      ...(purpose && { 'x-purpose': purpose }),
    };
    request(`${town.hub.url}${file}`, { headers }, response => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers, trailers } = response;
        resolve({ status, headers, trailers, body: Buffer.concat(parts) });
      });
    })
      .on('error', reject)
      .end();
  });
async function order(
  operation: string,
  format: string,
  who: 'clerk' | 'analyst' = 'analyst',
  variables?: object,
  bom = false,
) {
  const { data, errors } = await town[who].ask(
    'mutation ($operation: String!, $format: String!, $variables: String, $bom: Boolean!) { orderExport(operation: $operation, format: $format, variables: $variables, bom: $bom) { path } }',
    { operation, format, bom, variables: variables && JSON.stringify(variables) },
  );
  return errors ? { errors } : { path: data.orderExport.path as string };
}
const file = async (operation: string, format = 'csv', who: 'clerk' | 'analyst' = 'analyst', variables?: object) => {
  const { path: place } = await order(operation, format, who, variables);
  return get(place!, who, who === 'clerk' ? 'task:test' : null);
};

const entities =
  'query Entities { marketEntities(orderBy: [NAME_DESC]) { nodes { id name registeredCapital establishedOn state source { agency } organisation { name licences(first: 2) { nodes { number } } } } } }';

describe('an export of a list', () => {
  /** What the list holds, read page by page. */
  async function wholeList() {
    const rows: Record<string, unknown>[] = [];
    for (let after: string | null = null; ; ) {
      const { data, errors } = await town.analyst.ask(
        'query ($after: String) { marketEntities(first: 7, after: $after, orderBy: [NAME_DESC]) { pageInfo { hasNextPage endCursor } nodes { id name registeredCapital establishedOn state } } }',
        { after },
      );
      expect(errors).toBeUndefined();
      rows.push(...data.marketEntities.nodes);
      if (!data.marketEntities.pageInfo.hasNextPage) return rows;
      after = data.marketEntities.pageInfo.endCursor;
    }
  }

  test('holds every row in the order of the list, in every format the same', async () => {
    const list = await wholeList();
    expect(list.length).toBeGreaterThan(20);
    const simple =
      'query Entities { marketEntities(orderBy: [NAME_DESC]) { nodes { id name registeredCapital establishedOn state } } }';
    const csv = parseCsv((await file(simple)).body.toString(), 'csv');
    expect(csv).toEqual(
      list.map(row => Object.fromEntries(Object.entries(row).map(([name, v]) => [name, v === null ? '' : String(v)]))),
    );
    const lines = (await file(simple, 'ndjson')).body.toString().trim().split('\n');
    expect(lines.map(line => JSON.parse(line))).toEqual(list);
    const table = tableFromIPC((await file(simple, 'arrow')).body);
    expect(table.toArray().map(row => row.toJSON())).toEqual(list);
    const parquet = (await file(simple, 'parquet')).body;
    const buffer = parquet.buffer.slice(parquet.byteOffset, parquet.byteOffset + parquet.length) as ArrayBuffer;
    expect(await parquetReadObjects({ file: buffer })).toEqual(list);
  });

  test('has many pages, and flattens the selection into columns', async () => {
    const { body, headers } = await file(
      '{ powerListEntries { nodes { number title legalActor { name } delegation { number state } } } }',
    );
    expect(headers['content-type']).toContain('text/csv');
    const rows = parseCsv(body.toString(), 'csv');
    expect(rows).toHaveLength(510);
    expect(Object.keys(rows[0]!)).toEqual([
      'number',
      'title',
      'legalActor.name',
      'delegation.number',
      'delegation.state',
    ]);
    const nested = parseCsv((await file(entities)).body.toString(), 'csv')[0]!;
    expect(nested['source.agency']).toBe('commerce');
    expect(Array.isArray(JSON.parse(nested['organisation.licences.nodes']!))).toBe(true);
  });

  test('comes with a manifest: rows, bytes, SHA-256 and the moment, in trailers and by its number', async () => {
    for (const format of formatNames) {
      const { body, headers, trailers } = await file(entities, format);
      const sha256 = createHash('sha256').update(body).digest('hex');
      const manifest = JSON.parse((await get(String(headers['x-export-manifest']))).body.toString());
      expect(manifest).toMatchObject({
        operation: 'Entities',
        format,
        sha256,
        bytes: body.length,
        asOf: headers['x-export-as-of'],
      });
      expect([trailers['x-export-rows'], trailers['x-export-sha256']]).toEqual([String(manifest.rows), sha256]);
      expect((await get(String(headers['x-export-manifest']), 'clerk')).status).toBe(404);
    }
  });

  test('is as of the moment at which it began, even while the agencies send changes', async () => {
    const { path: place } = await order(entities, 'csv');
    const before = (await get(place!)).body.toString();
    const asOf = new Date().toISOString();
    while (Date.now() <= Date.parse(asOf)) await new Promise(setImmediate);
    await stateRecords(town.hub.store, 'commerce', [plainStatement(MarketEntity, 'new one', { name: '新设企业' })]);
    const later = `query Entities { marketEntities(asOf: "${asOf}", orderBy: [NAME_DESC]) ${entities.slice(entities.indexOf(') {') + 1)}`;
    expect((await file(later)).body.toString()).toBe(before);
    expect((await get(place!)).body.toString()).not.toBe(before);
  });
});

describe('a spreadsheet', () => {
  test.each([
    ['=1+1', "'=1+1"],
    ['+8613800000000', "'+8613800000000"],
    ['-cmd', "'-cmd"],
    ['@sum', "'@sum"],
    ['\tx', "'\tx"],
    ['\rx', `"'\rx"`],
    ['a,"b"\n', '"a,""b""\n"'],
    ['＝1+1', "'＝1+1"],
    ['＋8', "'＋8"],
    ['＠sum', "'＠sum"],
    ['-12.50', '-12.50'],
    ['', ''],
  ])('does not take %j for a formula', (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  test('keeps all digits of an identifier, which Excel would cut to fifteen', async () => {
    const [code, number] = ['371482199003071077', '0012'];
    await stateRecords(town.hub.store, 'commerce', [
      plainStatement(MarketEntity, 'digits', {
        entityNo: code,
        registrationNo: null,
        name: '数位企业',
        industryClass: number,
      }),
    ]);
    const operation =
      'query { marketEntities(where: { name: { eq: "数位企业" } }) { nodes { entityNo industryClass name } } }';
    const bodyOf = async (bom: boolean) => {
      const { path: place } = await order(operation, 'csv', 'analyst', undefined, bom);
      return (await get(place!)).body.toString().replace('\uFEFF', '').split('\r\n')[1];
    };
    expect(await bodyOf(true)).toBe(`"=""${code}""","=""${number}""",数位企业`);
    expect(await bodyOf(false)).toBe(`${code},${number},数位企业`);
  });

  test('receives a byte order mark when it asks for one', async () => {
    const { path: place } = await order(entities, 'csv', 'analyst', undefined, true);
    expect((await get(place!)).body.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect((await get('/export/land-quota-share.csv')).body.subarray(0, 1).toString()).toBe('k');
    expect((await get('/export/land-quota-share.csv?bom=true')).body.subarray(0, 3)).toEqual(
      Buffer.from([0xef, 0xbb, 0xbf]),
    );
  });
});

test('every ready-made query is exported under the name of its file', async () => {
  const names = readdirSync(path.join(project, 'schema/queries')).map(name => name.replace('.graphql', ''));
  const variables = encodeURIComponent(
    JSON.stringify({ today: '2026-11-23', month: '2026-10-01', since: '2026-01-01T00:00:00+08:00' }),
  );
  for (const name of names) {
    const { status, body } = await get(`/export/${name}.csv?variables=${variables}`);
    expect([name, status, body.toString().split('\r\n')[0]]).toEqual([
      name,
      200,
      expect.stringMatching(/^[\w.]+(,[\w.]+)+$/),
    ]);
  }
  const rows = parseCsv((await get(`/export/insured-residents.csv?variables=${variables}`)).body.toString(), 'csv');
  expect(Object.keys(rows[0]!)).toEqual([
    'code',
    'name',
    'residentCounts.groups.residents',
    'insuredPersons.groups.insured',
  ]);
});

describe('the policy', () => {
  test('masks an export as it masks an answer, and every page of persons is in the audit log', async () => {
    const persons = '{ persons { nodes { residentId name } } }';
    const masked = parseCsv((await file(persons)).body.toString(), 'csv');
    expect(masked.length).toBeGreaterThan(200);
    for (const { residentId } of masked) expect(residentId).toContain('****');
    const whole = parseCsv((await file(persons, 'csv', 'clerk')).body.toString(), 'csv');
    expect(whole.length).toBe(masked.length);
    for (const { residentId } of whole) expect(residentId).not.toContain('*');
    const entries = readdirSync(audit.HUB_AUDIT_DIR)
      .filter(name => name.endsWith('.jsonl'))
      .flatMap(name => readFileSync(path.join(audit.HUB_AUDIT_DIR, name), 'utf8').trim().split('\n'))
      .map(line => JSON.parse(line))
      .filter(({ channel }) => channel === 'export');
    expect(new Set(entries.map(({ who, act }) => `${who.role} ${act}`))).toEqual(new Set(['clerk read']));
    expect(entries.reduce((n, { counts }) => n + counts.rows, 0)).toBe(whole.length);
  });

  test('refuses in an export what it refuses in an answer, before anything is sent', async () => {
    const refusals: [string, string][] = [
      ['{ persons(where: { name: { eq: "x" } }) { nodes { id } } }', 'FILTER_FORBIDDEN'],
      ['{ persons { groups { nodes { count(where: { sex: { eq: MALE } }) } } } }', 'FILTER_FORBIDDEN'],
    ];
    for (const [operation, code] of refusals) {
      const { status, body } = await file(operation);
      expect([status, JSON.parse(body.toString()).errors[0].extensions.code]).toEqual([403, code]);
    }
    const { status } = await get('/export/cases-by-month.csv', null);
    expect(status).toBe(403);
  });

  test('an ordered export is only for the reader who ordered it', async () => {
    const { path: place } = await order('{ persons { nodes { id } } }', 'csv', 'clerk');
    expect((await get(place!, 'analyst')).status).toBe(404);
    expect((await get(place!, 'clerk')).status).toBe(200);
  });
});

test.each([
  ['{ cases { totalCount } }', 'An export is one list of one query'],
  ['{ cases { nodes { id } } persons { nodes { id } } }', 'An export is one list of one query'],
  ['{ cases { nodes { id } groups { nodes { count } } } }', 'An export is one list of one query'],
  [
    'mutation { endSession(subject: "x", reason: "the device was lost") { endedAt } }',
    'An export is one list of one query',
  ],
  ['{ cases { nodes { nothing } } }', 'The operation does not fit the schema'],
  ['{ cases {', 'The operation cannot be read'],
])('%s is no export, and the answer says what is one', async (operation, words) => {
  const { errors } = await order(operation, 'csv');
  expect(errors!.map(e => [e.extensions!.code, e.message.startsWith(words)])).toEqual([['BAD_USER_INPUT', true]]);
});

test('an unknown export is 404, with the list of those that exist', async () => {
  for (const name of ['nothing.csv', 'cases-by-month.xls', 'cases-by-month', 'tickets/x.csv', 'manifests/x'])
    expect([name, (await get(`/export/${name}`)).status]).toEqual([name, 404]);
});
