/** Where two JSON values differ first, as a path with both sides; null when they are equal. */
export function firstDifference(expected: unknown, found: unknown, path = '$'): string | null {
  if (Object.is(expected, found)) return null;
  if (typeof expected !== 'object' || typeof found !== 'object' || expected === null || found === null)
    return `${path}: expected ${JSON.stringify(expected)?.slice(0, 300)}, found ${JSON.stringify(found)?.slice(0, 300)}`;
  const keys = [Object.keys(expected), Object.keys(found)];
  if (keys[0]!.join() !== keys[1]!.join()) return `${path}: expected members ${keys[0]}, found ${keys[1]}`;
  for (const key of keys[0]!) {
    const [one, other] = [expected, found].map(side => (side as Record<string, unknown>)[key]);
    const difference = firstDifference(one, other, `${path}.${key}`);
    if (difference) return difference;
  }
  return null;
}
