import { expect, test } from '@jest/globals';
import { SourceError } from '../../../adapters/kit/contract.ts';
import { HubError } from '../../../src/domain/error-codes.ts';
import { errorFacts } from '../../../src/domain/error-facts.ts';

const secret = '371482199001010018';

test('a log holds the kind and the place of an error, never its message', () => {
  for (const error of [
    new Error(secret),
    new TypeError(`cannot read ${secret}`),
    Object.assign(new Error(`duplicate key (${secret})`), { code: '23505', detail: secret }),
    new HubError('INTERNAL', secret, { value: secret }),
    new Error('outer', { cause: new Error(secret) }),
    new Error(`two lines\n    of ${secret}`),
  ]) {
    const facts = errorFacts(error);
    expect(JSON.stringify(facts)).not.toContain(secret);
    expect(facts).toMatchObject({
      name: error.name,
      at: expect.arrayContaining([expect.stringContaining('error-facts.test')]),
    });
    expect(facts.message).toBeUndefined();
  }
  expect(errorFacts(Object.assign(new Error('x'), { code: '23505' })).code).toBe('23505');
});

test("an adapter's words about its source are meant for the log", () => {
  expect(errorFacts(new SourceError('TIMEOUT', 'did not answer in time'))).toMatchObject({
    name: 'SourceError',
    code: 'TIMEOUT',
    message: 'did not answer in time',
  });
});

test('a value that is no error is only named by its type', () => {
  for (const thrown of [secret, 7, null, undefined, { secret }]) {
    expect(errorFacts(thrown)).toEqual({ name: typeof thrown, at: [] });
  }
});

test('at most six places are logged', () => {
  const deep = (n: number): Error => (n ? deep(n - 1) : new Error('deep'));
  expect(errorFacts(deep(20)).at).toHaveLength(6);
});
