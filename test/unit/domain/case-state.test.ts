import { expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import {
  type ApprovalPart,
  type CaseParts,
  type ClosingPart,
  deriveCase,
  type ReportPart,
} from '../../../src/domain/case-state.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const day = (n: number) => `2026-11-${String(n).padStart(2, '0')}T09:00:00+08:00`;
const report = (given: Partial<ReportPart> = {}): ReportPart => ({
  agency: 'land',
  sourceId: 'report',
  submittedAt: day(1),
  acceptedAt: null,
  ...given,
});
const step = (given: Partial<ApprovalPart> = {}): ApprovalPart => ({
  agency: 'land',
  sourceId: 'step',
  stepNo: '1',
  name: 'examine',
  type: 'STEP',
  state: 'DONE',
  outcome: null,
  startedAt: day(2),
  endedAt: null,
  final: false,
  ...given,
});
const closing = (given: Partial<ClosingPart> = {}): ClosingPart => ({
  agency: 'land',
  sourceId: 'closing',
  result: 'GRANTED',
  closedAt: day(9),
  ...given,
});
const accepted = report({ acceptedAt: day(2) });
const parts = (reports: ReportPart[], approvals: ApprovalPart[] = [], closings: ClosingPart[] = []): CaseParts => ({
  reports,
  approvals,
  closings,
});

const table: readonly [string, CaseParts, object][] = [
  ['submitted, not accepted', parts([report()]), { state: 'SUBMITTED', acceptedAt: null, currentStep: null }],
  ['accepted by its report', parts([accepted]), { state: 'ACCEPTED', acceptedAt: day(2) }],
  [
    'accepted by a step',
    parts([report()], [step({ outcome: 'ACCEPTED', endedAt: day(3) })]),
    { state: 'ACCEPTED', acceptedAt: day(3) },
  ],
  [
    'a correction is asked before acceptance',
    parts([report()], [step({ type: 'CORRECTION', state: 'TODO', name: 'correct' })]),
    { state: 'AWAITING_CORRECTION', currentStep: 'correct' },
  ],
  [
    'the correction came: it waits for acceptance again',
    parts([report()], [step({ type: 'CORRECTION', state: 'DONE' })]),
    { state: 'SUBMITTED' },
  ],
  ['a step is under way', parts([accepted], [step({ state: 'TODO' })]), { state: 'IN_REVIEW', currentStep: 'examine' }],
  ['a step is done', parts([accepted], [step({ outcome: 'AGREED' })]), { state: 'IN_REVIEW', currentStep: null }],
  [
    'an end time does not mean that a step has ended',
    parts([accepted], [step({ state: 'TODO', final: true, outcome: 'AGREED', endedAt: day(2) })]),
    { state: 'IN_REVIEW' },
  ],
  [
    'sent back to an earlier step',
    parts(
      [accepted],
      [step({ outcome: 'RETURNED' }), step({ stepNo: '2', state: 'TODO', name: 'again', startedAt: day(4) })],
    ),
    { state: 'IN_REVIEW', currentStep: 'again' },
  ],
  [
    'a special procedure pauses it',
    parts(
      [accepted],
      [step({ outcome: 'AGREED' }), step({ type: 'SPECIAL_PROCEDURE', state: 'TODO', name: 'hearing' })],
    ),
    { state: 'PAUSED', currentStep: 'hearing' },
  ],
  [
    'resumed after the special procedure',
    parts([accepted], [step({ outcome: 'AGREED' }), step({ type: 'SPECIAL_PROCEDURE', state: 'DONE' })]),
    { state: 'IN_REVIEW' },
  ],
  [
    'a correction counts before a pause',
    parts(
      [accepted],
      [step({ type: 'SPECIAL_PROCEDURE', state: 'TODO' }), step({ type: 'CORRECTION', state: 'TODO' })],
    ),
    { state: 'AWAITING_CORRECTION' },
  ],
  [
    'decided: granted',
    parts([accepted], [step({ final: true, outcome: 'AGREED' })]),
    { state: 'DECIDED', result: null },
  ],
  ['decided: refused', parts([accepted], [step({ final: true, outcome: 'DISAGREED' })]), { state: 'DECIDED' }],
  [
    'the last step without an outcome decides nothing',
    parts([accepted], [step({ final: true, outcome: null })]),
    { state: 'IN_REVIEW' },
  ],
  [
    'an extension changes no state',
    parts([accepted], [step({ type: 'EXTENSION', outcome: 'AGREED' })]),
    { state: 'ACCEPTED' },
  ],
  [
    'closed wins over everything that is still open',
    parts([accepted], [step({ type: 'CORRECTION', state: 'TODO' }), step({ state: 'TODO' })], [closing()]),
    { state: 'CLOSED', result: 'GRANTED', closedAt: day(9), currentStep: null },
  ],
  ['closed before anything else arrived', parts([], [], [closing()]), { state: 'CLOSED', lead: null }],
  [
    'the latest closing counts',
    parts([accepted], [], [closing(), closing({ sourceId: 'later', result: 'WITHDRAWN', closedAt: day(12) })]),
    { result: 'WITHDRAWN', closedAt: day(12) },
  ],
  [
    'closings are compared as moments, whatever their offset',
    parts(
      [accepted],
      [],
      [
        closing({ closedAt: '2026-11-09T10:00:00+08:00' }),
        closing({ sourceId: 'z', result: 'REFUSED', closedAt: '2026-11-09T03:00:00Z' }),
      ],
    ),
    { result: 'REFUSED' },
  ],
  [
    'the earliest application leads',
    parts([report({ agency: 'police', submittedAt: day(3) }), report({ agency: 'land', submittedAt: day(1) })]),
    { lead: expect.objectContaining({ agency: 'land' }) },
  ],
  [
    'steps before any report',
    parts([], [step({ state: 'TODO' })]),
    { lead: null, state: 'SUBMITTED', currentStep: 'examine' },
  ],
  [
    'steps are counted, not spelled: 10 follows 9',
    parts(
      [accepted],
      [step({ stepNo: '10', name: 'tenth', state: 'TODO' }), step({ stepNo: '9', name: 'ninth', state: 'TODO' })],
    ),
    { currentStep: 'tenth' },
  ],
];

test.each(table)('%s', (_, given, expected) => {
  expect(deriveCase(given)).toMatchObject(expected);
});

test(`any order of the same parts gives the same case (TEST_SEED=${seed})`, () => {
  const random = makeRandom(seed, 'parts');
  const when = () => day(1 + random.below(4));
  const shuffled = <T>(list: readonly T[]): T[] =>
    list
      .map(one => [random.below(1e9), one] as const)
      .sort(([a], [b]) => a - b)
      .map(([, one]) => one);
  const several = <T>(most: number, make: (i: number) => T): T[] =>
    Array.from({ length: random.below(most + 1) }, (_, i) => make(i));
  for (let round = 0; round < 500; round++) {
    const given = parts(
      several(3, i =>
        report({
          agency: random.pick(['land', 'police']),
          sourceId: `r${i}`,
          submittedAt: when(),
          acceptedAt: random.chance(0.5) ? when() : null,
        }),
      ),
      several(6, i =>
        step({
          sourceId: `s${i}`,
          agency: random.pick(['land', 'police']),
          stepNo: String(random.below(12)),
          name: `step ${i}`,
          type: random.pick(['STEP', 'STEP', 'CORRECTION', 'SPECIAL_PROCEDURE', 'EXTENSION']),
          state: random.pick(['TODO', 'DONE']),
          outcome: random.pick([null, 'AGREED', 'DISAGREED', 'ACCEPTED', 'RETURNED']),
          startedAt: when(),
          endedAt: random.chance(0.5) ? when() : null,
          final: random.chance(0.2),
        }),
      ),
      several(2, i => closing({ sourceId: `c${i}`, result: random.pick(['GRANTED', 'REFUSED']), closedAt: when() })),
    );
    const other = parts(shuffled(given.reports), shuffled(given.approvals), shuffled(given.closings));
    expect({ round, ...deriveCase(other) }).toEqual({ round, ...deriveCase(given) });
  }
});
