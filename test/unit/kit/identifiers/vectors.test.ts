import { describe, expect, test } from '@jest/globals';
import { identify } from '../../../../adapters/kit/format.ts';
import { allVectors } from './vectors.ts';

describe.each(allVectors.map(vectors => ({ ...vectors, name: vectors.format.name })))('$name', vectors => {
  const { format, valid, spelled, invalid } = vectors;

  test.each([...valid])('%s is valid and already normalised', value => {
    expect(identify(format, value)).toEqual({ raw: value, value, faults: [] });
  });

  test.each([...spelled])('the spelling "%s" is normalised to %s', (raw, value) => {
    expect(identify(format, raw)).toEqual({ raw, value, faults: [] });
  });

  test.each(invalid.map(([raw, ...faults]) => ({ raw, faults })))(
    '"$raw" has the faults $faults',
    ({ raw, faults }) => {
      expect(identify(format, raw).faults).toEqual(faults);
    },
  );

  test('an absent value is EMPTY', () => {
    expect(identify(format, ' \u3000\u00a0').faults).toEqual(['EMPTY']);
  });
});
