import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { isObjectType } from 'graphql';
import { type Adapter, residentIdCheck } from '../../adapters/kit/index.ts';
import { makeSchema } from '../../src/api/schema/schema.ts';
import { makeCatalog } from '../../src/catalog/catalog.ts';
import { parked } from '../../src/cli/parked.ts';
import { ConfigError, readAdapterSettings, readConfig } from '../../src/config.ts';
import { makeLog, openStore } from '../../src/hub/open-store.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';
import { applyMigrations, migrationsFolder } from '../../src/store/migrations.ts';
import { newMigration } from '../../src/store/new-migration.ts';
import { tablesSql } from '../../src/store/tables-sql.ts';
import { emptyDatabase } from '../support/database.ts';
import { startTestHub, type TestHub } from '../support/test-hub.ts';
import { type WrittenAdapters, writeAdapters } from '../support/written-adapter.ts';

/** Civil affairs (民政) as an integrator would write it in an afternoon: subsistence allowances, and their cases. */
const records = `
import { codeTable, code, date, decimal, defineRecord, issuedNumber, person, residentId, text } from '../kit/index.ts';
const ground = codeTable('AllowanceGround', { en: 'Ground of an allowance', zh: '保障类别' }, {
  INCOME: { en: 'Low income', zh: '低收入', codes: { house: '1' } },
  AGE: { en: 'Old age without support', zh: '特困供养', codes: { house: '2' } },
});
export const Allowance = defineRecord('Allowance', {
  title: { en: 'Subsistence allowance', zh: '最低生活保障' },
  key: ['allowanceNo'],
  about: { recipient: person('recipientId', { states: { name: 'recipientName' } }) },
  fields: {
    allowanceNo: text({ zh: '低保证号', ...issuedNumber }),
    recipientId: text({ zh: '保障对象证件号', format: residentId, sensitivity: 'personal', mask: 'identity' }),
    recipientName: text({ zh: '保障对象姓名', sensitivity: 'personal', mask: 'name' }),
    ground: code({ zh: '保障类别', table: ground }),
    monthlyAmount: decimal({ zh: '月保障金额', unit: 'CNY' }),
    grantedOn: date({ zh: '批准日期' }),
  },
});
`;
const adapter = `
import { z } from 'zod';
import { CaseReport, defineAdapter, put, readCode, readDate, readDecimal, readInstant, readText, required, setting,
  SourceError, versionOf } from '../kit/index.ts';
import { Allowance } from './records.ts';
interface Row { no: string; version: number; idCard: string; name: string; ground: string; amount: string; day: string }
export default defineAdapter({
  agency: { code: 'civil-affairs', title: { en: 'Civil affairs office', zh: '民政所' }, protocol: 'REST/JSON' },
  version: '1',
  records: [Allowance],
  hallRecords: [CaseReport],
  modes: ['changes'],
  settings: z.object({ url: setting.address('the address of the allowance register') }),
  pollEveryMs: 50,
  connect: ({ url }, { fetch }) => ({
    async changes(after, limit, { signal }) {
      const reply = await fetch(url + '/rows?after=' + (after ?? '0') + '&limit=' + limit, { signal });
      if (!reply.ok) throw new SourceError('UNREACHABLE', 'the register answered ' + reply.status);
      const { rows, next, done } = await reply.json() as { rows: Row[]; next: string; done: boolean };
      return { items: rows.map(native => ({ raw: JSON.stringify(native), native })), next, done };
    },
  }),
  map: (row: Row) => {
    const source = { sourceId: row.no, version: versionOf(row.version) };
    const recipientId = required('idCard', readText(row.idCard));
    const ground = required('ground', readCode('ground', Allowance.fields.ground.table, 'house', row.ground));
    return [
      put(Allowance, source, {
        allowanceNo: row.no, recipientId, recipientName: required('name', readText(row.name)), ground,
        monthlyAmount: required('amount', readDecimal('amount', row.amount)),
        grantedOn: required('day', readDate('day', row.day)),
      }),
      put(CaseReport, source, {
        caseNo: 'MZ' + row.no, matterCode: 'MZ-DB', title: '低保申请', channel: 'WINDOW', applicantKind: 'NATURAL_PERSON',
        applicantId: recipientId, submittedAt: required('day', readInstant('day', row.day)), dataVersion: row.version,
      }),
    ];
  },
});
`;

interface Row {
  no: string;
  version: number;
  idCard: string;
  name: string;
  ground: string;
  amount: string;
  day: string;
}
const first17 = '37148219520317002';
const idCard = first17 + residentIdCheck(first17);
const row = (no: string, more: Partial<Row> = {}): Row => ({
  ...{ no, version: 1, idCard, name: '甲乙丙', ground: '1', amount: '1,021.50', day: '2026年3月2日' },
  ...more,
});

/** The agency's register, with its rows in the order in which they were written. */
const rows = [row('A1'), row('A2', { ground: '2' }), row('A3', { ground: '7' })];
const register: Server = createServer((request, response) => {
  const query = new URL(request.url!, 'http://register').searchParams;
  const after = Number(query.get('after'));
  const page = rows.slice(after, after + Number(query.get('limit')));
  const next = after + page.length;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ rows: page, next: String(next), done: next === rows.length }));
});

let written: WrittenAdapters;
let sixth: Adapter;
let hub: TestHub;
beforeAll(async () => {
  written = writeAdapters({ 'civil-affairs/records.ts': records, 'civil-affairs/adapter.ts': adapter });
  const found = await findAdapters(written.folder);
  expect(found.map(a => a.agency.code)).toEqual(['civil-affairs']);
  sixth = found[0]!;
  await new Promise<void>(resolve => register.listen(0, '127.0.0.1', resolve));
  const { port } = register.address() as AddressInfo;
  const environment = { HUB_CIVIL_AFFAIRS_URL: `http://127.0.0.1:${port}` };
  hub = await startTestHub({ adapters: [sixth], environment });
  await hub.healthOf('civil-affairs', health => health.recordsRead >= 3 && health.caughtUpAt !== null);
});
afterAll(async () => {
  await hub?.stop();
  register.closeAllConnections();
  await new Promise(resolve => register.close(resolve));
  written?.remove();
});

test('it stands beside the other five in tables and schema', async () => {
  const all = [...(await findAdapters()), sixth];
  expect(all).toHaveLength(6);
  const catalog = makeCatalog(all);
  const sql = await tablesSql(catalog);
  expect(sql).toContain('create table "civil_affairs_allowance"');
  expect(sql).toContain('create table "police_');
  const schema = makeSchema(catalog, all);
  const fieldsOf = (name: string) => {
    const type = schema.getType(name);
    return isObjectType(type) ? Object.keys(type.getFields()) : [];
  };
  expect(fieldsOf('Allowance')).toEqual(expect.arrayContaining(['monthlyAmount', 'recipient', 'source', 'asOf']));
  expect(fieldsOf('Person')).toContain('allowancesAsRecipient');
  expect(fieldsOf('Query')).toEqual(expect.arrayContaining(['allowances', 'allowance', 'parcels']));
  expect(catalog.get('CaseReport').agencies).toContain('civil-affairs');
});

test('its tables come by a migration, over which processes without it go on', async () => {
  const [five, folder] = [await findAdapters(), mkdtempSync(path.join(tmpdir(), 'outpost-hub-sixth-'))];
  const [before, after] = [makeCatalog(five), makeCatalog([...five, sixth])];
  const database = await emptyDatabase();
  try {
    cpSync(migrationsFolder, folder, { recursive: true });
    await applyMigrations(database.url, before, folder);
    const { file } = (await newMigration(after, { folder, name: 'civil affairs', write: true }))!;
    expect(file).toMatch(/^\d{4}-civil-affairs\.sql$/);
    expect(await applyMigrations(database.url, after, folder)).toEqual({ applied: [file], newer: [] });
    expect(await applyMigrations(database.url, before)).toEqual({ applied: [], newer: [file] });
    expect(await newMigration(after, { folder })).toBeNull();
  } finally {
    await database.drop();
    rmSync(folder, { recursive: true });
  }
});

test('its settings are asked for by name', () => {
  expect(() => readAdapterSettings(sixth, {})).toThrow(
    new ConfigError('HUB_CIVIL_AFFAIRS_URL should be the address of the allowance register; it is not set'),
  );
});

test('it is among the agencies, with its freshness, also for the public', async () => {
  const { data, errors } = await hub.anybody.ask(
    '{ agencies { nodes { code name nameEn freshness { protocol modes failures parked } } } }',
  );
  expect(errors).toBeUndefined();
  expect(data.agencies.nodes).toEqual([
    {
      code: 'civil-affairs',
      name: '民政所',
      nameEn: 'Civil affairs office',
      freshness: { protocol: 'REST/JSON', modes: ['changes'], failures: 0, parked: 1 },
    },
  ]);
});

test('its records can be queried from the root, from a person and from a case', async () => {
  const question = `query ($id: String!) {
    allowances(where: { ground: { eq: AGE } }) { totalCount nodes { allowanceNo monthlyAmount grantedOn source { agency sourceId } } }
    allowance(allowanceNo: "A1") { recipient { name } }
    person(residentId: $id) { name allowancesAsRecipient(orderBy: [ALLOWANCE_NO_ASC]) { nodes { allowanceNo } } records { __typename } }
    case(caseNo: "MZA1") { state applicant { name } reports { nodes { source { agency } } } }
  }`;
  const { data, errors } = await hub.clerk.ask(question, { id: idCard });
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    allowances: {
      totalCount: 1,
      nodes: [
        {
          allowanceNo: 'A2',
          monthlyAmount: '1021.50',
          grantedOn: '2026-03-02',
          source: { agency: 'civil-affairs', sourceId: 'A2' },
        },
      ],
    },
    allowance: { recipient: { name: '甲乙丙' } },
    person: {
      name: '甲乙丙',
      allowancesAsRecipient: { nodes: [{ allowanceNo: 'A1' }, { allowanceNo: 'A2' }] },
      records: expect.arrayContaining([{ __typename: 'Allowance' }, { __typename: 'CaseReport' }]),
    },
    case: {
      state: 'SUBMITTED',
      applicant: { name: '甲乙丙' },
      reports: { nodes: [{ source: { agency: 'civil-affairs' } }] },
    },
  });
});

test('its personal fields are masked for those who may not see them, and hidden from the public', async () => {
  const question = '{ allowance(allowanceNo: "A1") { recipientId recipientName } }';
  const masked = await hub.analyst.ask(question);
  expect(masked.data.allowance).toEqual({ recipientId: '371482************', recipientName: '甲*丙' });
  const hidden = await hub.anybody.ask(question);
  expect(hidden.data?.allowance ?? null).toBeNull();
});

test('an item that it could not restate is parked, and the commands show it', async () => {
  const opened = await openStore(readConfig(hub.environment), makeLog('silent'), [sixth]);
  const lines: string[] = [];
  const quiet = [
    jest.spyOn(console, 'log').mockImplementation(line => void lines.push(String(line))),
    jest.spyOn(console, 'error').mockImplementation(() => {}),
  ];
  try {
    expect(await parked(['list', 'civil-affairs'], async () => opened)).toBe(0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/civil-affairs.*ground.*is not a code of AllowanceGround in edition house/);
  } finally {
    for (const spy of quiet) spy.mockRestore();
    await opened.database.close();
  }
});

test('its updates reach a subscriber', async () => {
  const inbox = await hub.clerk.subscribe(
    'subscription { changes(agencies: ["civil-affairs"], kinds: ["Allowance"]) { kind node { ... on Allowance { allowanceNo monthlyAmount } } } }',
  );
  rows.push(row('A1', { version: 2, amount: '1100' }));
  const { data } = await inbox.next();
  expect(data.changes).toEqual({ kind: 'Allowance', node: { allowanceNo: 'A1', monthlyAmount: '1100' } });
  await inbox.close();
});
