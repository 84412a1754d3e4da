/** An identifier's format: how its many spellings become one, and what makes a value invalid. */

/** Why a normalised value is not valid. Reasons reach logs, so they never contain the value. */
export type Fault = 'EMPTY' | 'LENGTH' | 'CHARACTER' | 'STRUCTURE' | 'CHECK_DIGIT' | 'DATE' | 'AMBIGUOUS';

export interface Format {
  /** The field's English name, for messages: `resident id`. */
  readonly name: string;
  readonly zh: string;
  /** Values with this prefix identify a natural person, though other values do not: sole traders (个体工商户). */
  readonly personPrefix?: string;
  /** Its values identify a person or can be used to reach one, so a field with this format is personal. */
  readonly isPersonal?: true;
  /** One spelling for all spellings: full width, spaces, case, older lengths. Never throws, whatever the text. */
  normalise(raw: string): string;
  /** What is wrong with a normalised value; empty when it is valid. */
  faults(value: string): readonly Fault[];
}

/** The outcome of reading one raw spelling. */
export interface Identified {
  readonly raw: string;
  readonly value: string;
  readonly faults: readonly Fault[];
}

export const identify = (format: Format, raw: string): Identified => {
  const value = format.normalise(raw);
  return { raw, value, faults: format.faults(value) };
};
