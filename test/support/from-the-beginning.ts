/** The argument with which a subscription to changes begins at the first of them, as a screen does that knows none. */
export const fromTheBeginning = 'oldest: true';
