/** A variable reference: plans hold the reference, requests hold the value. */
export class VariableRef {
  constructor(
    readonly variable: string,
    /** The value in the request for which the query was planned. */
    readonly value: unknown,
    private readonly spell: (value: unknown) => unknown = same,
  ) {}

  /** The same reference, whose value is spelled in another way. */
  spelled(spell: (value: unknown) => unknown): VariableRef {
    return new VariableRef(this.variable, this.value, spell);
  }
  of(values: Readonly<Record<string, unknown>>): unknown {
    return this.spell(values[this.variable]);
  }
}
const same = (value: unknown) => value;
