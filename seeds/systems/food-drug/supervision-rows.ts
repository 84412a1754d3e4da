/** Daily inspections (日常检查) and samples (抽检) at the licensed businesses. */
import { addDays } from '../../township/days.ts';
import type { Random } from '../../township/model.ts';
import type { Licence } from './licence-rows.ts';
import type { Officer } from './matters.ts';
import { type Cells, personInstead, type Row } from './row.ts';

const ITEMS = [
  '经营资质、进货查验',
  '从业人员健康管理',
  '食品贮存与过程控制',
  '餐饮具清洗消毒',
  '处方药销售与温湿度记录',
];
const PRODUCTS = ['小麦粉', '馒头', '豆腐', '酱牛肉', '五香花生', '黄瓜', '鸡蛋', '白酒', '感冒清热颗粒', '月饼'];
const UNQUALIFIED = ['菌落总数', '大肠菌群', '苯甲酸及其钠盐', '铝的残留量', '过氧化值'];

interface Visit {
  readonly licence: Licence;
  readonly serial: number;
  /** Day of the visit. */
  readonly day: string;
  readonly dataVersion?: number;
}
const padded = (serial: number, length: number) => String(serial).padStart(length, '0');
const momentOf = (day: string, serial: number) => `${day}T14:${padded(serial % 60, 2)}:${padded(serial % 59, 2)}+08:00`;

const shared = ({ licence: { business, number, oldNumber } }: Visit) => ({
  cells: { TYSHXYDM: business.creditCode, XZQH: business.villageCode } satisfies Cells,
  instead: {
    ...personInstead(business),
    ...(oldNumber && { oldLicenceNumber: { XKZBH: oldNumber } }),
    addressDiffers: { JCDZ: `${business.address}（东邻）` },
  },
  number,
});

/** Two officers are needed for every inspection. */
function pickTwo(random: Random, officers: readonly Officer[]): readonly Officer[] {
  const first = random.below(officers.length);
  const second = (first + 1 + random.below(officers.length - 1)) % officers.length;
  return [officers[first]!, officers[second]!];
}

export function inspectionRow(random: Random, officers: readonly Officer[], visit: Visit): Row {
  const { licence, serial, day, dataVersion = 1 } = visit;
  const { cells, instead, number } = shared(visit);
  const taskNo = `RCJC${day.slice(0, 4)}${padded(serial, 6)}`;
  const draw = random.below(100);
  const two = pickTwo(random, officers);
  const result = draw < 75 ? '1' : draw < 93 ? '2' : '3';
  return {
    table: 'SPYP_RCJC',
    sourceId: taskNo,
    dataVersion,
    occurredAt: momentOf(day, serial),
    instead: { ...instead, wordForCode: { JCJG: { 1: '符合', 2: '基本符合', 3: '不符合' }[result]! } },
    cells: {
      RWBH: taskNo,
      DATAVER: dataVersion,
      BJCDWMC: licence.business.name,
      ...cells,
      XKZBH: number,
      JCDZ: licence.business.address,
      JCRY: two.map(({ name }) => name).join('、'),
      ZFZH: two.flatMap(({ certificateNo }) => certificateNo ?? []).join(','),
      JCRQ: day,
      JCXM: random.pick(ITEMS),
      JCJG: result,
      ZGQX: result === '1' ? null : addDays(day, 15),
      CFAH: result === '3' && random.chance(0.6) ? `禹市监处罚〔${day.slice(0, 4)}〕${serial}号` : null,
    },
  };
}

export function sampleRow(random: Random, visit: Visit): Row {
  const { licence, serial, day, dataVersion = 1 } = visit;
  const { cells } = shared(visit);
  const sampleNo = `XBJ${day.slice(2, 4)}3714820${padded(serial, 5)}`;
  const bad = random.chance(0.04);
  return {
    table: 'SPYP_CJ',
    sourceId: sampleNo,
    dataVersion,
    occurredAt: momentOf(day, serial),
    instead: { ...personInstead(licence.business), wordForCode: { JYJG: bad ? '不合格' : '合格' } },
    cells: {
      CYDBH: sampleNo,
      DATAVER: dataVersion,
      YPMC: random.pick(PRODUCTS),
      SCPH: addDays(day, -20 - random.below(60)).replaceAll('-', ''),
      BCYDWMC: licence.business.name,
      ...cells,
      CYRQ: day,
      JYJG: bad ? '0' : '1',
      BHGXM: bad ? random.pick(UNQUALIFIED) : null,
    },
  };
}
