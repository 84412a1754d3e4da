import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import { type Entry, leafHash } from '../../../src/audit/entry.ts';
import { verifyLog } from '../../../src/audit/verify-log.ts';
import { AuditFolder, draft, personId } from '../../support/audit-folder.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const count = 57;
const folder = new AuditFolder();
let original: string[] = [];

beforeAll(async () => {
  const log = await folder.open();
  for (let i = 1; i <= count; i++) {
    await log.append(draft({ subjects: [personId(i % 7)], counts: { rows: i } }));
  }
  await log.close();
  original = folder.lines();
});
afterAll(() => folder.remove());

/** The faults that are found after `tamper`; everything is restored afterwards. */
async function faultsAfter(tamper: (lines: string[]) => void): Promise<readonly string[]> {
  const copies = [`${folder.dir}.copy`, `${folder.roots}.copy`];
  cpSync(folder.dir, copies[0]!, { recursive: true });
  cpSync(folder.roots, copies[1]!, { recursive: true });
  try {
    const lines = [...original];
    tamper(lines);
    if (lines.join() !== original.join()) folder.rewrite(lines);
    return (await verifyLog(folder.dir, folder.roots)).faults;
  } finally {
    for (const [place, copy] of [
      [folder.dir, copies[0]!],
      [folder.roots, copies[1]!],
    ] as const) {
      rmSync(place, { recursive: true, force: true });
      cpSync(copy, place, { recursive: true });
      rmSync(copy, { recursive: true });
    }
  }
}

const changed = (line: string, change: Partial<Entry>) => JSON.stringify({ ...(JSON.parse(line) as Entry), ...change });
/** What an attacker does who knows the format: every link after the change fits again. */
function rechain(lines: string[], from: number): void {
  for (let i = from; i < lines.length; i++) {
    lines[i] = changed(lines[i]!, { seq: i + 1, ...(i > 0 && { prev: leafHash(lines[i - 1]!) }) });
  }
}

test('an untouched log is proven whole', async () => {
  const { faults, remarks, first, last, roots } = await verifyLog(folder.dir, folder.roots);
  expect({ faults, remarks, first: first?.seq, last }).toEqual({ faults: [], remarks: [], first: 1, last: count });
  expect(roots).toBeGreaterThanOrEqual(Math.ceil(count / 5));
  expect(folder.segments().length).toBeGreaterThan(3);
});

describe('verify names the entry that was', () => {
  const k = 23;
  test('edited', async () => {
    const faults = await faultsAfter(lines => {
      lines[k - 1] = changed(lines[k - 1]!, {
        who: { subject: 'somebody', role: 'clerk', agency: null, session: null },
      });
    });
    expect(faults[0]).toMatch(/^entry 23: edited/);
  });
  test('edited, the last one of all', async () => {
    const faults = await faultsAfter(lines => {
      lines[count - 1] = changed(lines[count - 1]!, { result: null });
    });
    expect(faults[0]).toMatch(/^entries 56 to 57|^entry 57|^entries \d+ to 57: not as they were/);
  });
  test('edited, with every link after it recomputed: the roots still reveal it', async () => {
    const faults = await faultsAfter(lines => {
      lines[k - 1] = changed(lines[k - 1]!, { result: null });
      rechain(lines, k);
    });
    const [from, to] = /entries (\d+) to (\d+): not as they were/.exec(faults.join('\n'))!.slice(1).map(Number);
    expect(from).toBeLessThanOrEqual(k);
    expect(to).toBeGreaterThanOrEqual(k);
  });
  test('inserted', async () => {
    const faults = await faultsAfter(lines => lines.splice(k, 0, changed(lines[k - 1]!, { result: null })));
    expect(faults[0]).toMatch(/^entry 23: inserted or reordered/);
  });
  test('inserted, with every number and link after it recomputed', async () => {
    const faults = await faultsAfter(lines => {
      lines.splice(k, 0, lines[k - 1]!);
      rechain(lines, k);
    });
    expect(faults.join('\n')).toMatch(/entries \d+ to \d+: not as they were/);
  });
  test('reordered', async () => {
    const faults = await faultsAfter(lines => lines.splice(k - 1, 2, lines[k]!, lines[k - 1]!));
    expect(faults.join('\n')).toMatch(/entry 23: (removed|inserted or reordered)/);
  });
  test('removed', async () => {
    const faults = await faultsAfter(lines => lines.splice(k - 1, 1));
    expect(faults[0]).toBe('entry 23: removed');
  });
  test('removed with a whole file', async () => {
    const faults = await faultsAfter(() => rmSync(folder.segments()[1]!));
    expect(faults[0]).toMatch(/^entries \d+ to \d+: removed$/);
  });
  test('removed at the beginning', async () => {
    const faults = await faultsAfter(() => rmSync(folder.segments()[0]!));
    expect(faults.join('\n')).toMatch(/entries 1 to \d+: removed/);
  });
  test('cut off', async () => {
    const faults = await faultsAfter(lines => lines.splice(count - 3));
    expect(faults.join('\n')).toContain('entries 55 to 57: cut off');
  });
  test('cut off in the middle of its line', async () => {
    const faults = await faultsAfter(() => {
      const file = folder.segments().at(-1)!;
      writeFileSync(file, readFileSync(file).subarray(0, -20));
    });
    expect(faults.join('\n')).toContain('entry 57: cut off');
  });
});

describe('changed roots are detected', () => {
  const rootFile = () => `${folder.roots}/roots-${new Date().toISOString().slice(0, 7)}.jsonl`;
  const edit = (change: (lines: string[]) => void) =>
    faultsAfter(() => {
      const lines = readFileSync(rootFile(), 'utf8').trimEnd().split('\n');
      change(lines);
      writeFileSync(rootFile(), lines.map(line => `${line}\n`).join(''));
    });
  test('when one is missing', async () => {
    expect((await edit(lines => lines.splice(3, 1)))[0]).toMatch(/The roots 4 to 4 are missing/);
  });
  test('when one is replaced', async () => {
    const faults = await edit(lines => {
      lines[3] = lines[3]!.replace(/"root":"(.)/, (_, digit) => `"root":"${digit === '0' ? '1' : '0'}`);
    });
    expect(faults.join('\n')).toMatch(/The root of batch 4 was edited/);
  });
  test('when all of them are gone', async () => {
    const faults = await faultsAfter(() => rmSync(folder.roots, { recursive: true }));
    expect(faults).toEqual(['The second place holds none of the roots that were made']);
  });
  test('when the last ones go together with their entries, those beside the log still reveal it', async () => {
    const faults = await faultsAfter(lines => {
      const roots = readFileSync(rootFile(), 'utf8').trimEnd().split('\n');
      writeFileSync(
        rootFile(),
        roots
          .slice(0, 4)
          .map(line => `${line}\n`)
          .join(''),
      );
      lines.splice(JSON.parse(roots[3]!).to as number);
    });
    expect(faults.join('\n')).toMatch(/entries \d+ to 57: cut off/);
  });
  test('the index of a closed segment hides nobody', async () => {
    const faults = await faultsAfter(() => {
      const index = folder.segments()[0]!.replace('.jsonl', '.index');
      const bytes = readFileSync(index);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(index, bytes);
    });
    expect(faults[0]).toMatch(/^The index behind/);
  });
});

test(`random tampering never goes unseen, even with recomputed links (TEST_SEED=${seed})`, async () => {
  const random = makeRandom(seed, 'tampering');
  for (let round = 0; round < 60; round++) {
    const at = random.below(count);
    const ways: readonly [string, (lines: string[]) => void][] = [
      [
        'edit',
        lines => void lines.splice(at, 1, changed(lines[at]!, { counts: { rows: 1_000 + random.below(1_000) } })),
      ],
      ['insert', lines => void lines.splice(at, 0, changed(lines[at]!, { counts: { rows: 5_000 } }))],
      ['remove', lines => void lines.splice(at, 1)],
      [
        'reorder',
        lines => {
          const other = (at + 1 + random.below(count - 1)) % count;
          [lines[at], lines[other]] = [lines[other]!, lines[at]!];
        },
      ],
      ['cut', lines => void lines.splice(at)],
    ];
    const [name, tamper] = ways[random.below(ways.length)]!;
    const anew = random.below(2) === 1;
    const faults = await faultsAfter(lines => {
      tamper(lines);
      if (anew) rechain(lines, Math.max(0, at - 1));
    });
    expect({ seed, round, name, at: at + 1, anew, found: faults.length > 0 }).toMatchObject({ found: true });
  }
});
