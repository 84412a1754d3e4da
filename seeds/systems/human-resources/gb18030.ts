/** Text as bytes of GB 18030-2022: Node only decodes, so the tables are made by decoding every code. */

const decoder = new TextDecoder('gb18030');
const twoBytes = Array.from({ length: 126 * 191 }, (_, i) => [0x81 + Math.floor(i / 191), 0x40 + (i % 191)]).filter(
  ([, second]) => second !== 0x7f,
);
/** The code with this number among those of four bytes. */
const fourBytes = (i: number) => [
  0x81 + Math.floor(i / 12_600),
  0x30 + (Math.floor(i / 1260) % 10),
  0x81 + (Math.floor(i / 10) % 126),
  0x30 + (i % 10),
];
const basicFourBytes = Array.from({ length: 39_420 }, (_, i) => fourBytes(i));
const firstAstral = 189_000;

let known: Map<string, readonly number[]> | null = null;
function codes(): Map<string, readonly number[]> {
  if (known) return known;
  known = new Map();
  // The shorter codes are those that writers use.
  for (const all of [basicFourBytes, twoBytes]) {
    const characters = [...decoder.decode(Uint8Array.from(all.flat()))];
    for (const [i, character] of characters.entries()) known.set(character, all[i]!);
  }
  return known;
}

function codeOf(character: string): readonly number[] {
  const point = character.codePointAt(0)!;
  if (point < 0x80) return [point];
  return point < 0x1_00_00 ? codes().get(character)! : fourBytes(firstAstral + point - 0x1_00_00);
}

export const encodeGb18030 = (text: string): Buffer => Buffer.from([...text].flatMap(codeOf));
