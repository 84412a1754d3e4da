/** Samples of agencies' items, spoilt at random: types, nothing, huge texts, control characters, dates, names, nesting. */
import type { Item } from '../../adapters/kit/contract.ts';
import type { Random } from '../../seeds/township/model.ts';

const han = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(0x4e00 + ((from + i * 7_919) % 20_000))).join('');
const nested = (depth: number): unknown => JSON.parse(`${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`);

const dates = [
  ...[
    '0000-00-00',
    '0000-01-01',
    '00000101',
    '0001-01-01',
    '0001-01-01T00:00:00+08:00',
    '9999-12-31',
    '99991231235959',
  ],
  ...['9999-12-31T23:59:59-08:00', '10000-01-01', '-0001-01-01', '2026-02-30', '20260230', '2026-02-29', '2026-13-01'],
  ...['2026-11-23T24:00:00Z', '2026-11-23T23:59:60Z', '2026-11-23T09:30:00+23:59', '2026-11-23T09:30:00.123456789123Z'],
  ...[
    '2026-11-23T09:30:00+0800',
    '2026年11月23日',
    '2026/1/1',
    '1601-01-01',
    '8640000000000000',
    '-1',
    '253402300800000',
  ],
  ...['infinity', '-infinity', 'epoch', 'now', 'today', '长期', 'NaN', '1e5', '0x10', '１２３'],
];
const texts = [
  ...[
    '',
    ' ',
    '\u3000',
    '\0',
    'a\0b',
    '\ud800',
    '\udfff王',
    '𠮷',
    '\uffff',
    '\ufeff',
    '\u202e',
    '\u2028',
    'é',
    '👨‍👩‍👧‍👦',
  ],
  ...[
    '\\',
    '\\N',
    '\\.',
    '\\x41',
    '\t',
    '\n',
    '\r\n',
    '\u0001',
    '\u001a',
    '\u007f',
    '\u0085',
    '"',
    "'",
    '{}',
    '{NULL}',
    'null',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    "'; drop table hub_person; --",
    '<![CDATA[',
    '&#0;',
    '%00',
  ],
];
const numbers = [
  0,
  -0,
  1,
  -1,
  1.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53 + 2,
  1e21,
  1e308,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
const others = [null, undefined, true, false, [], {}, [[]], [null], { length: 3 }, [1, 'a']];

export class Mutator {
  constructor(
    private readonly random: Random,
    private readonly samples: readonly Item<unknown>[],
  ) {}

  /** A copy of one of the samples with one to four faults, whose bytes tell it from all others. */
  item(n: number): Item<unknown> {
    const { random } = this;
    const sample = random.pick(this.samples);
    if (!('native' in sample)) return { ...sample, raw: `${n}` };
    let native = structuredClone(sample.native);
    for (let faults = 1 + random.below(4); faults > 0; faults--) native = this.spoil(native);
    return {
      raw: random.chance(0.5) ? `${n} ${this.text()}` : Buffer.from([n & 255, (n >> 8) & 255, n >> 16, 0, 0xd8, 0xff]),
      native,
    };
  }

  /** The value with a fault somewhere inside. */
  private spoil(value: unknown): unknown {
    const { random } = this;
    if (typeof value !== 'object' || value === null || random.chance(0.02)) return this.instead(value);
    const holder = value as Record<string, unknown>;
    const names = Object.keys(holder);
    const draw = random.below(12);
    if (draw === 0 && names.length) delete holder[random.pick(names)];
    else if (draw === 1) this.own(holder, random.chance(0.5) ? this.text() : `X${random.below(9)}`, this.instead(null));
    else if (draw === 2 && names.length) this.own(holder, random.pick(names), this.elsewhere());
    else if (draw === 3 && Array.isArray(value)) value.push(...value);
    else if (names.length) {
      const name = random.pick(names);
      this.own(holder, name, this.spoil(holder[name]));
    }
    return value;
  }

  /** As JSON.parse does it, so that `__proto__` is a field like any other. */
  private own(holder: object, name: string, value: unknown): void {
    Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
  }

  private instead(value: unknown): unknown {
    const { random } = this;
    const draw = random.below(10);
    if (draw < 3) return typeof value === 'string' ? this.inText(value) : this.text();
    if (draw < 5) return random.pick(dates);
    if (draw === 5) return random.pick(numbers);
    if (draw === 6) return random.pick(others);
    if (draw === 7) return this.elsewhere();
    if (draw === 8) return random.chance(0.1) ? nested(1 + random.below(1_500)) : String(random.below(2 ** 31));
    return random.chance(0.5) ? han(100 + random.below(1_500), random.below(20_000)) : 'x'.repeat(random.below(20_000));
  }

  /** The text with something in it, cut, doubled, or in another case or width. */
  private inText(text: string): string {
    const { random } = this;
    const at = random.below(text.length + 1);
    const draw = random.below(6);
    if (draw < 3) return text.slice(0, at) + random.pick(texts) + text.slice(at);
    if (draw === 3) return text.slice(0, at);
    if (draw === 4) return text.repeat(1 + random.below(100));
    return random.chance(0.5)
      ? text.toLowerCase()
      : text.replace(/[!-~]/g, c => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
  }

  private text = (): string => this.random.pick(texts);

  /** A value of another sample. */
  private elsewhere(): unknown {
    const { random } = this;
    const other = random.pick(this.samples);
    let value: unknown = 'native' in other ? structuredClone(other.native) : null;
    while (typeof value === 'object' && value !== null && random.chance(0.9)) {
      const values = Object.values(value);
      if (!values.length) break;
      value = random.pick(values);
    }
    return value;
  }
}
