/** A value that a variable of the question gives: plans hold its place, requests hold the value. */
export class Slot {
  constructor(
    readonly variable: string,
    /** Of the request for which the question was planned. */
    readonly value: unknown,
    private readonly spell: (value: unknown) => unknown = same,
  ) {}

  /** The same place for the value in another spelling. */
  spelled(spell: (value: unknown) => unknown): Slot {
    return new Slot(this.variable, this.value, spell);
  }
  of(values: Readonly<Record<string, unknown>>): unknown {
    return this.spell(values[this.variable]);
  }
}
const same = (value: unknown) => value;
