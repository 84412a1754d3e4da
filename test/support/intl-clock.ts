/** What the town's clock showed, by Intl alone: `2026-11-23T09:30:00`. */
const shown = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  dateStyle: 'short',
  timeStyle: 'medium',
});
const known = new Map<number | string, string>();

/** The models ask for the same few moments over and over. */
export function intlClock(at: number | string): string {
  const found = known.get(at) ?? shown.format(new Date(at)).replace(' ', 'T');
  if (known.size < 50_000) known.set(at, found);
  return found;
}
