/** Checks the roots of a log at both places, without its entries: their chain, what they cover, and who signed them. */
import { ledgerFile } from './root-ledger.ts';
import type { TrustedKeys } from './root-signing.ts';
import { type LogRoot, linkAfter, readRoots, rootLine, whereNothingIs } from './roots.ts';

export interface Findings {
  readonly faults: string[];
  readonly remarks: string[];
}

/** Every entry is under a root after the interval, and after the time that making, signing and sending it takes. */
export const rootTakesMs = 10_000;
/** A signer or a second place may take longer, and is tried again. */
const bringingTakesMs = 15_000;

export const range = (from: number, to: number, what = ['entry', 'entries']): string =>
  from === to ? `${what[0]} ${from}` : `${what[1]} ${from} to ${to}`;
const rootRange = (roots: readonly LogRoot[]) => range(roots[0]!.batch, roots.at(-1)!.batch, ['root', 'roots']);

export interface BothPlaces {
  /** In their order. */
  readonly roots: readonly LogRoot[];
  /** Those that were made a moment ago: they may still be without a signature. */
  readonly underway: ReadonlySet<LogRoot>;
}

/** The second place decides. The roots beside the log may be ahead of it, but must not contradict it. */
export async function readBothPlaces(
  dir: string,
  place: string,
  { faults, remarks }: Findings,
  { now, everyMs }: { readonly now: Date; readonly everyMs: number },
): Promise<BothPlaces> {
  const kept = (await readRoots(place).catch(whereNothingIs)).sort((a, b) => a.batch - b.batch);
  const beside = await readRoots(ledgerFile(dir)).catch(whereNothingIs);
  const links = new Map(kept.map(root => [root.batch, linkAfter(root)]));
  for (const root of beside) {
    const link = links.get(root.batch);
    if (link && link !== linkAfter(root)) {
      faults.push(`The root of batch ${root.batch} differs between its two places`);
    }
  }
  const last = kept.at(-1)?.batch ?? 0;
  const ahead = beside.filter(root => root.batch > last);
  const isLate = ({ at }: LogRoot) => now.getTime() - Date.parse(at) > everyMs + bringingTakesMs;
  for (const root of ahead)
    (isLate(root) ? faults : remarks).push(`The root of batch ${root.batch} has not reached the second place`);
  if (!kept.length && ahead.length > 1) faults.push('The second place holds none of the roots that were made');
  const roots = [...kept, ...ahead];
  checkChain(roots, faults);
  return { roots, underway: new Set(ahead.filter(root => !isLate(root))) };
}

/** The last entry that a root covers at this moment, at either place. */
export async function readLastRooted(dir: string, place: string): Promise<number> {
  const both = await Promise.all([place, ledgerFile(dir)].map(one => readRoots(one).catch(whereNothingIs)));
  return Math.max(0, ...both.flat().map(({ to }) => to));
}

function checkChain(roots: readonly LogRoot[], faults: string[]): void {
  let before: LogRoot | null = null;
  for (const root of roots) {
    const due: number = (before?.batch ?? 0) + 1;
    const from: number = (before?.to ?? 0) + 1;
    if (root.batch > due) faults.push(`The roots ${due} to ${root.batch - 1} are missing`);
    else if (root.batch < due) faults.push(`There are two different roots of batch ${root.batch}`);
    else if (root.prev !== linkAfter(before)) {
      faults.push(`The root of batch ${before?.batch ?? root.batch} was edited`);
    } else if (root.from > from) faults.push(`${range(from, root.from - 1)}: no root covers them`);
    before = root;
  }
}

/**
 * From the first signed root on, and from the entry that records the change, every root has to be signed by a key that is
 * trusted.
 *
 * @param signedFrom the first entry that has to be under a signed root; null: the log records no signing
 */
export function checkSignatures(
  { roots: all, underway }: BothPlaces,
  trusted: TrustedKeys,
  signedFrom: number | null,
  { faults, remarks }: Findings,
): void {
  const roots = all.filter(root => root.signatures || !underway.has(root));
  const first = roots.findIndex(root => root.signatures || (signedFrom !== null && root.to >= signedFrom));
  const before = first < 0 ? roots : roots.slice(0, first);
  const unknown = new Set<string>();
  for (const root of first < 0 ? [] : roots.slice(first)) {
    const found = (root.signatures ?? []).map(signature => ({
      by: `${signature.algorithm} key ${signature.key}`,
      fault: trusted.faultOf(rootLine(root), signature),
    }));
    for (const { by, fault } of found) {
      if (fault === 'forged') faults.push(`The root of batch ${root.batch} has a signature that is not of the ${by}`);
      if (fault === 'unknown') unknown.add(by);
    }
    if (!found.length) faults.push(`The root of batch ${root.batch} is not signed, but roots are signed before it`);
    else if (found.every(({ fault }) => fault === 'unknown'))
      faults.push(`The root of batch ${root.batch} is not signed by a key that is trusted`);
  }
  for (const by of unknown) remarks.push(`Some roots are signed by the ${by}, which is not trusted`);
  if (!before.length) return;
  const unsigned = `${rootRange(before)} of ${range(before[0]!.from, before.at(-1)!.to)}`;
  if (trusted.ids.length && first < 0 && signedFrom === null)
    faults.push(`${unsigned}: not signed, though keys are trusted and the log records no change to signed roots`);
  else if (first >= 0 || signedFrom !== null) remarks.push(`${unsigned}: from before roots were signed`);
}
