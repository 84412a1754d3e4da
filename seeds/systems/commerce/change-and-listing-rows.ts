/** Changes (变更) and abnormal listings (经营异常名录) as rows of the register. */
import type { Random } from '../../township/model.ts';
import type { Entity } from './entity-rows.ts';
import type { Speller, WireRow } from './spelling.ts';

export interface Change {
  readonly no: string;
  readonly entity: Entity;
  readonly item: string;
  readonly before: string;
  readonly after: string;
  readonly changedOn: string;
}

export interface Listing {
  readonly no: string;
  readonly entity: Entity;
  readonly reason: string;
  readonly listedOn: string;
  readonly removedOn: string | null;
}

/** Number, words, and the values before and after. */
const ITEMS: readonly (readonly [string, string, (entity: Entity, random: Random) => readonly [string, string]])[] = [
  ['01', '名称变更', ({ business }) => [`${business.name}（筹）`, business.name]],
  ['02', '住所变更', ({ business }) => [`${business.address}（原址）`, business.address]],
  ['03', '法定代表人变更', ({ representative }) => [`${representative.name.slice(0, 1)}某`, representative.name]],
  [
    '04',
    '注册资本变更',
    ({ business: { capitalYuan } }) => [`${capitalYuan / 20_000}万元`, `${capitalYuan / 10_000}万元`],
  ],
  ['05', '经营范围变更', ({ scope }) => [scope.slice(0, 12), scope]],
  ['06', '经营期限变更', ({ termTo }) => ['10年', termTo ?? '长期']],
];
const REASONS = [
  '未按规定的期限公示年度报告',
  '未按责令的期限公示有关企业信息',
  '公示信息隐瞒真实情况、弄虚作假',
  '通过登记的住所无法联系',
];
const BUREAU = '禹城市市场监督管理局';

export class ChangeAndListingRows {
  private changes = 0;
  private listings = 0;

  constructor(
    private readonly random: Random,
    private readonly speller: Speller,
  ) {}

  newChange(entity: Entity, changedOn: string): Change {
    const [item, , tell] = this.random.pick(ITEMS);
    const [before, after] = tell(entity, this.random);
    return { no: `BG${String(++this.changes).padStart(8, '0')}`, entity, item, before, after, changedOn };
  }

  changeRow({ no, entity, item, before, after, changedOn }: Change, updatedAt: string): WireRow {
    const { speller } = this;
    const words = ITEMS.find(([number]) => number === item)?.[1] ?? '其他';
    const row: WireRow = {
      ALTID: no,
      PRIPID: entity.pripid,
      UNISCID: entity.creditCode,
      ENTNAME: entity.business.name,
      ALTITEM: speller.dice.commits('stateInWords') ? words : item,
      ALTBE: before,
      ALTAF: after,
      ALTDATE: speller.day(changedOn),
      UPDATETIME: speller.moment(updatedAt),
      CD_OPERATION: 'I',
    };
    speller.disfigure(row, ['UNISCID', 'ALTITEM', 'PRIPID'], ['UNISCID', 'ALTDATE', 'ALTITEM'], ['UNISCID']);
    return row;
  }

  newListing(entity: Entity, listedOn: string): Listing {
    const reason = this.random.pick(['1', '1', '1', '2', '3', '4', '4']);
    return { no: `YC${String(++this.listings).padStart(6, '0')}`, entity, reason, listedOn, removedOn: null };
  }

  listingRow({ no, entity, reason, listedOn, removedOn }: Listing, updatedAt: string): WireRow {
    const { speller } = this;
    const row: WireRow = {
      ABNID: no,
      PRIPID: entity.pripid,
      UNISCID: entity.creditCode,
      ENTNAME: entity.business.name,
      SPECAUSE: speller.dice.commits('stateInWords') ? REASONS[Number(reason) - 1]! : reason,
      ABNTIME: speller.day(listedOn),
      DECORG: BUREAU,
      REMDATE: removedOn === null ? null : speller.day(removedOn),
      REDECORG: removedOn === null ? '' : BUREAU,
      REMEXCPRES: removedOn === null ? '' : '已补报并公示年度报告',
      UPDATETIME: speller.moment(updatedAt),
      CD_OPERATION: removedOn === null ? 'I' : 'U',
    };
    speller.disfigure(row, ['UNISCID', 'SPECAUSE', 'ENTNAME'], ['UNISCID', 'SPECAUSE', 'ABNTIME'], ['UNISCID']);
    return row;
  }
}
