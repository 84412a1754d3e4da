/**
 * What may hold a word of somebody in the town for readers who see nobody whole, by the field that holds it, and why.
 * An entry that lets nothing through fails the walk. No entry can let anything through for a personal field.
 */
export const letThrough: Readonly<Record<string, string>> = {};
