/** JSON from outside is parsed by the kit, which bounds its nesting. Files that parse it themselves read their own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { project, sourceFiles } from '../support/source-imports.ts';

const cursor = 'a cursor that the hub keeps';
const generated = 'a generated file of the project';
const database = 'a value that the hub wrote to its database';
const auditLog = 'what the hub wrote to its audit log';
const parses: Readonly<Record<string, string>> = {
  'adapters/kit/json.ts': 'the one place',
  'adapters/commerce/cursor.ts': cursor,
  'adapters/human-resources/position.ts': cursor,
  'adapters/land/cursor.ts': cursor,
  'adapters/police/position.ts': cursor,
  'src/api/queries/answer-query.ts': 'parts of an answer that the hub wrote',
  'src/api/queries/json-bytes.ts': 'an answer that the hub wrote',
  'src/api/queries/plan-extension.ts': 'a plan of the database',
  'src/audit/command-inbox.ts': 'what the hub and its commands tell each other',
  'src/audit/entry.ts': auditLog,
  'src/audit/roots.ts': auditLog,
  'src/audit/sealed-entries.ts': auditLog,
  'src/cli/demo.ts': 'what the demo wrote',
  'src/cli/hall-client.ts': 'an answer of the hub, in its commands',
  'src/cli/policy.ts': generated,
  'src/cli/read-rules.ts': "the operator's file",
  'src/config.ts': "the operator's setting",
  'src/hub.ts': generated,
  'src/query/plan-object.ts': database,
  'src/store/parked.ts': database,
  'src/store/postgres-binaries.ts': 'a file of a package',
};

test('nobody else parses JSON', () => {
  const code = sourceFiles('adapters', 'src').filter(file => !file.endsWith('.test.ts'));
  const found = code.filter(file => /\bJSON\.parse\(|\.json\(\)/.test(readFileSync(path.join(project, file), 'utf8')));
  expect(found).toEqual(Object.keys(parses).sort());
});
