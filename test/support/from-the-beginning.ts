/** The argument with which a subscription to changes begins at the first of them, as a screen does that knows none. */
export const fromTheBeginning = `after: "${Buffer.from('change:0').toString('base64url')}"`;
