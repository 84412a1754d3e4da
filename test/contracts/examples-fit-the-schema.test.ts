import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { project } from '../support/source-imports.ts';

const read = (file: string) => readFileSync(path.join(project, file), 'utf8');
const schema = buildSchema(read('schema/hub.graphql'));
const found = globSync('{src,adapters,schema,seeds,test}/**/README.md', { cwd: project });
// The bench installs its peers below `test`.
const files = ['README.md', ...found.filter(file => !file.includes('node_modules'))];
const examples = files.flatMap(file =>
  [...read(file).matchAll(/^```graphql\n(.*?)^```/gms)].map(match => [file, match[1]!] as const),
);

test('every GraphQL example in a README can be sent as it stands', () => {
  expect(examples.length).toBeGreaterThan(1);
  const faults = examples.flatMap(([file, text]) =>
    validate(schema, parse(text)).map(fault => `${file}: ${fault.message}`),
  );
  expect(faults).toEqual([]);
});
