/** The root of a Merkle tree as RFC 6962 defines it, built leaf by leaf: about one hash for each leaf. */
import { hash } from 'node:crypto';

const node = (left: string, right: string): string => hash('sha256', Buffer.from(`01${left}${right}`, 'hex'), 'hex');

export class MerkleTree {
  /** Whole subtrees from left to right, each smaller than the one before; sizes are powers of two. */
  private readonly peaks: { size: number; hash: string }[] = [];
  private leaves = 0;

  get size(): number {
    return this.leaves;
  }

  /** @param leaf a leaf hash, 64 hexadecimal digits */
  add(leaf: string): void {
    this.leaves += 1;
    let peak = { size: 1, hash: leaf };
    while (this.peaks.at(-1)?.size === peak.size) {
      peak = { size: peak.size * 2, hash: node(this.peaks.pop()!.hash, peak.hash) };
    }
    this.peaks.push(peak);
  }

  /** Of the leaves so far; the hash of nothing when there are none. */
  root(): string {
    const hashes = this.peaks.map(peak => peak.hash);
    return hashes.length ? hashes.reduceRight((right, left) => node(left, right)) : hash('sha256', '', 'hex');
  }
}

export function merkleRoot(leaves: Iterable<string>): string {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}
