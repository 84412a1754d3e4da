import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { decodeUtf8 } from '../../../adapters/kit/utf8.ts';
import { project } from '../../support/source-imports.ts';

test('bytes of another encoding are refused, not read with characters missing', () => {
  expect(decodeUtf8(Buffer.from('张三𠮷'))).toBe('张三𠮷');
  for (const hex of ['d5c5c8fd', '7b22d5c5c8fd227d', 'edb080', 'f4908080', 'e5bc'])
    expect(() => decodeUtf8(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ kind: 'MALFORMED' }));
});

test('adapters read answers by the kit alone, so that no other reader loses characters or digits', () => {
  const files = globSync('adapters/*/*.ts', { cwd: project }).filter(file => !file.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(50);
  const own = files.filter(file => {
    const text = readFileSync(path.join(project, file), 'utf8');
    const parses = text.includes('JSON.parse(') && !/(cursor|position|kit.json)\.ts$/.test(file);
    return parses || /response\.(text|json)\(\)/.test(text);
  });
  expect(own).toEqual([]);
});
