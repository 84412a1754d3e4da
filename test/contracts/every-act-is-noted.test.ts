/** Whoever adds a way to act has to say what it leaves in the audit log, and who may read that. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { extendSchema, type GraphQLSchema, parse } from 'graphql';
import { roles } from '../../src/access/principal.ts';
import { rules } from '../../src/access/rules.ts';
import { noteRoots, rootActs } from '../../src/api/schema/noted-roots.ts';
import { makeSchema } from '../../src/api/schema/schema.ts';
import { makeCatalog } from '../../src/catalog/catalog.ts';
import { auditActNames } from '../../src/domain/audit-acts.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';
import { project, readSources } from '../support/source-imports.ts';

let schema: GraphQLSchema;
beforeAll(async () => {
  const adapters = await findAdapters();
  schema = makeSchema(makeCatalog(adapters), adapters);
});
const textOf = (file: string) => readFileSync(path.join(project, file), 'utf8');

describe('the graph', () => {
  test('has an act for every mutation', () => {
    const mutations = Object.keys(schema.getMutationType()!.getFields());
    expect(mutations.filter(name => !rootActs[`Mutation.${name}`])).toEqual([]);
  });

  test('cannot be built with a mutation that has none', () => {
    const extended = extendSchema(schema, parse('extend type Mutation { closeHall(reason: String!): Boolean }'));
    expect(() => noteRoots(extended)).toThrow(/Mutation\.closeHall has no act: say in .*noted-roots\.ts/);
  });
});

describe('the list of acts', () => {
  test('holds no act that nothing notes', () => {
    const lists = ['src/domain/audit-acts.ts', 'src/access/rules.ts'];
    const texts = readSources('src').flatMap(({ file }) => (lists.includes(file) ? [] : [textOf(file)]));
    expect(auditActNames.filter(act => !texts.some(text => text.includes(`'${act}'`)))).toEqual([]);
  });

  test('holds no act whose entries nobody may read', () => {
    expect(auditActNames.filter(act => !roles.some(role => rules[role].log.includes(act)))).toEqual([]);
  });
});

test('every command of operators notes what it does', () => {
  const hub = textOf('src/cli/hub.ts');
  const commands = [...hub.matchAll(/run: ([a-z]\w+)/g)].map(([, name]) => name!);
  const files = commands.map(name => new RegExp(`import \\{ ${name} \\} from '\\./(.+)';`).exec(hub)![1]!);
  expect(files.length).toBeGreaterThan(3);
  expect(files.filter(file => !/\bnoted\(/.test(textOf(`src/cli/${file}`)))).toEqual([]);
});
