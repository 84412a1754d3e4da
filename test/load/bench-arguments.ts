/** npm run bench [-- --quick] [--only W1,W2] [--contenders hub,limit] [--rounds N] [--output FILE] */
import { readWords, UsageError } from '../../src/cli/command.ts';
import { type BenchSize, sizes } from './bench-size.ts';
import { type ContenderName, contenderNames } from './contenders.ts';

export const workloadNames = ['W1', 'W2', 'W3', 'W3r', 'W4', 'W5'] as const;
export type WorkloadName = (typeof workloadNames)[number];

export interface BenchArguments {
  readonly size: BenchSize;
  readonly chosen: readonly WorkloadName[];
  readonly contenders: readonly ContenderName[];
  readonly output: string;
}

/** Throws an error with a line that says what is expected. */
export function readBenchArguments(args: readonly string[]): BenchArguments {
  const { values } = readWords(args, {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    contenders: { type: 'string' },
    rounds: { type: 'string' },
    output: { type: 'string', default: 'bench.json' },
  });
  const size = sizes[values.quick ? 'quick' : 'full'];
  const rounds = values.rounds === undefined ? size.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('`--rounds` should be a whole number from 1');
  return {
    size: { ...size, rounds },
    chosen: chosenOf('--only', workloadNames, values.only),
    contenders: chosenOf('--contenders', contenderNames, values.contenders),
    output: values.output,
  };
}

function chosenOf<T extends string>(option: string, known: readonly T[], given: string | undefined): readonly T[] {
  if (!given) return known;
  const asked = given.split(',');
  const unknown = asked.find(name => !known.includes(name as T));
  if (unknown) throw new UsageError(`\`${option}\` should be names among ${known.join(', ')}; ${unknown} is none`);
  return known.filter(name => asked.includes(name));
}
