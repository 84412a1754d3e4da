/**
 * Registered capital (注册资本): the specification says 万元, but windows also write 元, in its own field or after the number.
 */
import { Rejection, readDecimal } from '../kit/index.ts';
import { plainText, type Row } from './wire.ts';

const YUAN = new Set(['156', 'CNY', 'RMB', '人民币', '人民币元']);
const TEN_THOUSANDS = new Set(['万元', '万', '万元人民币', '万人民币']);
const ONES = new Set(['元', '元人民币', '人民币元']);

/** Ten thousand times an exact decimal: `50.5` becomes `505000`. */
export function timesTenThousand(amount: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  const moved = `${whole}${fraction.slice(0, 4).padEnd(4, '0')}`.replace(/^0+(?=\d)/, '');
  const rest = fraction.slice(4).replace(/0+$/, '');
  return sign + moved + (rest && `.${rest}`);
}

const withoutTail = (amount: string): string => (amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount);

/** The capital in yuan, or as registered when the currency is another. */
export function readCapital(row: Row): { registeredCapital: string | null; foreignCapital: string | null } {
  const written = plainText(row.REGCAP);
  if (written === null) return { registeredCapital: null, foreignCapital: null };
  const currency = plainText(row.REGCAPCUR)?.toUpperCase() ?? null;
  if (currency !== null && !YUAN.has(currency)) {
    return { registeredCapital: null, foreignCapital: `${written} ${currency}` };
  }
  const { number = written, behind = '' } = /^(?<number>[-+\d.,]+)\s*(?<behind>\D*)$/.exec(written)?.groups ?? {};
  const unit = behind || plainText(row.REGCAPUNIT) || '万元';
  const amount = readDecimal('REGCAP', number);
  if (amount === null) return { registeredCapital: null, foreignCapital: null };
  if (TEN_THOUSANDS.has(unit)) return { registeredCapital: timesTenThousand(amount), foreignCapital: null };
  if (ONES.has(unit)) return { registeredCapital: withoutTail(amount), foreignCapital: null };
  throw new Rejection('REGCAPUNIT', 'is not a known unit of capital');
}
