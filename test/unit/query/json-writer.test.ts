import { describe, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import { isoInstant } from '../../../src/query/instants.ts';
import { JsonWriter } from '../../../src/query/json-writer.ts';
import { ResponseWriter } from '../../../src/query/response-writer.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const random = makeRandom(seed, 'json writer');
const alphabet = ['a', '7', ' ', '"', '\\', '\n', '\t', '\u0000', '\u001f', '\u007f', 'é', '镇', '\u2028', '𠮷', '😀'];
const randomText = (longest: number) =>
  Array.from({ length: random.below(longest) }, () => alphabet[random.below(alphabet.length)]).join('');

describe(`JSON is written as JSON.stringify writes it (TEST_SEED=${seed})`, () => {
  test('any string, short or long, between others', () => {
    const json = new JsonWriter();
    const texts = Array.from({ length: 2_000 }, (_, i) => randomText(i % 50 ? 30 : 3_000));
    texts.push('\ud800 alone', 'alone \udc00', '');
    json.json('[');
    for (const [i, text] of texts.entries()) {
      if (i) json.json(',');
      json.text(text);
    }
    json.json(']');
    expect(json.take(0).toString()).toBe(JSON.stringify(texts));
  });

  test('existing JSON is copied unchanged, in UTF-8', () => {
    const json = new JsonWriter();
    const texts = Array.from({ length: 500 }, () => JSON.stringify(randomText(800)));
    for (const text of texts) json.json(text);
    expect(json.take(0)).toEqual(Buffer.from(texts.join('')));
  });

  test.each(['2026-11-23 01:30:00+00', '2026-11-23 01:30:00.125+00', '2026-11-23T01:30:00Z', '2026-11-23T01:30:00.5Z'])(
    'the instant %s',
    text => {
      const json = new JsonWriter();
      json.instant(text);
      expect(json.take(0).toString()).toBe(JSON.stringify(isoInstant(text)));
    },
  );
});

test('text that is taken back leaves nothing, and text that is taken out belongs to nobody else', () => {
  const json = new JsonWriter();
  json.json('kept');
  const before = json.length;
  json.text('not wanted');
  json.rewind(before);
  json.id('Case', '00000000-0000-8000-a000-000000000000');
  const inner = json.take(before);
  json.quoted('behind');
  expect([json.take(0), inner].map(String)).toEqual(['kept"behind"', '"Case:00000000-0000-8000-a000-000000000000"']);
});

test('each answer has a writer of its own, and memory that was handed out is never written again', () => {
  const reader = { saw: () => {}, sought: () => {}, ask: async () => [], read: async () => [] };
  const runs = ['first', 'second'].map(() => new ResponseWriter([], { keys: new Map(), values: {} }, reader));
  expect(runs[0]!.json).not.toBe(runs[1]!.json);
  const answers = runs.map((run, i) => run.apart(() => run.write(`answer ${i}`))!);
  // Both writers continue while the first parts wait to be sent.
  for (const run of runs) run.write('something longer that would stand in the same place');
  expect(answers.map(String)).toEqual(['answer 0', 'answer 1']);
  expect(answers[0]!.buffer).not.toBe(answers[1]!.buffer);
});

test('new memory of a writer holds nothing of what the process wrote before', () => {
  class Opened extends JsonWriter {
    get all(): Buffer {
      return this.bytes;
    }
  }
  const json = new Opened();
  json.json('x');
  json.json('y'.repeat(100_000));
  expect(json.all.subarray(json.length).every(byte => byte === 0)).toBe(true);
});
