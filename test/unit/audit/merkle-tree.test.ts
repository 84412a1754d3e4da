import { hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { MerkleTree, merkleRoot } from '../../../src/audit/merkle-tree.ts';

const sha256 = (bytes: Buffer) => hash('sha256', bytes, 'hex');
/** The definition of RFC 6962, section 2.1, written literally. */
function treeHash(leaves: readonly Buffer[]): string {
  if (leaves.length === 0) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return sha256(Buffer.concat([Buffer.of(0), leaves[0]!]));
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const sides = [treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k))].map(hex => Buffer.from(hex, 'hex'));
  return sha256(Buffer.concat([Buffer.of(1), ...sides]));
}
const leafOf = (input: Buffer) => sha256(Buffer.concat([Buffer.of(0), input]));

describe('the root of a Merkle tree', () => {
  test('equals that of the known vectors of Certificate Transparency', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const leaves = inputs.map(hex => leafOf(Buffer.from(hex, 'hex')));
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(merkleRoot(leaves.slice(0, 1))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(merkleRoot(leaves.slice(0, 3))).toBe('aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77');
    expect(merkleRoot(leaves)).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  test('equals that of the definition for every number of leaves up to 70', () => {
    const tree = new MerkleTree();
    const inputs: Buffer[] = [];
    for (let n = 1; n <= 70; n++) {
      inputs.push(Buffer.from(`leaf ${n}`));
      tree.add(leafOf(inputs.at(-1)!));
      expect({ n, root: tree.root(), size: tree.size }).toEqual({ n, root: treeHash(inputs), size: n });
    }
  });
});
