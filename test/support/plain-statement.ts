import type { RecordKind, Scalar } from '../../adapters/kit/record.ts';
import type { Statement } from '../../adapters/kit/statement.ts';
import { versionOf } from '../../adapters/kit/statement.ts';

const plainValues: Readonly<Record<Exclude<Scalar, 'code'>, unknown>> = {
  text: 'text',
  integer: 1,
  decimal: '1',
  date: '2026-01-01',
  instant: '2026-01-01T09:00:00+08:00',
  flag: false,
  geometry: null,
};

/**
 * States a record of any kind: the test gives only what matters to it, and the other required fields get plain values.
 */
export function plainStatement(
  kind: RecordKind,
  sourceId: string,
  given: Readonly<Record<string, unknown>>,
  version: number | string = 1,
): Statement {
  const required = Object.entries(kind.fields)
    .filter(([, field]) => !field.optional)
    .map(([name, field]) => [
      name,
      field.table ? Object.keys(field.table.values)[0] : plainValues[field.scalar as 'text'],
    ]);
  return {
    kind: kind.name,
    sourceId,
    version: typeof version === 'number' ? versionOf(version) : version,
    deleted: false,
    asOf: '2026-01-01T09:00:00+08:00',
    data: { ...Object.fromEntries(required), ...given },
  };
}
