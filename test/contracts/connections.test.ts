import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { project, readSources } from '../support/source-imports.ts';

const home = 'src/store/connections.ts';

test('connections to the database are opened in one place, where each gets a listener for its errors', () => {
  const opening = readSources('src')
    .map(({ file }) => file)
    .filter(file =>
      /new\s+pg\.(Client|Pool)\b|new\s+(Client|Pool)\(/.test(readFileSync(path.join(project, file), 'utf8')),
    );
  expect(opening).toEqual([home]);
});
