/**
 * What may hold a word of somebody in the town for readers who see nobody whole, by the field in which it stands, and why.
 * An entry that lets nothing through fails the walk; of a field that is personal no entry lets anything through.
 */
export const letThrough: Readonly<Record<string, string>> = {};
