/** Seeded randomness: the same seed and purpose give the same numbers on every machine. */
import { addDays, daysBetween } from './days.ts';
import type { Random } from './model.ts';

/** Mixes text into 32 bits (FNV-1a with a final avalanche), so that similar purposes give different streams. */
function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A 32-bit counter generator whose output is mixed well enough for invented towns, not for secrets. */
class SeededRandom implements Random {
  constructor(private state: number) {}

  /** 0 <= n < 1 */
  private next(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('cannot pick from an empty list');
    return list[this.below(list.length)] as T;
  }

  day(from: string, to: string): string {
    return addDays(from, this.below(daysBetween(from, to) + 1));
  }
}

/** A stream of its own for each purpose: drawing from one does not change another. */
export const makeRandom = (seed: number, purpose: string): Random => new SeededRandom(hash(`${seed}/${purpose}`));
