/** The registry's parcels (ZDJBXX), with their boundaries in metres of zone 39. */
import proj4 from 'proj4';
import { addDays } from '../../township/days.ts';
import type { Plot, Random } from '../../township/model.ts';
import type { Account, Backlog, Columns, Version } from './exchange-log.ts';
import { rowGuid } from './exchange-log.ts';
import { shortUnit, spacedUnit } from './spelling.ts';

const zone39 = proj4(
  '+proj=longlat +ellps=GRS80 +no_defs',
  '+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=39500000 +y_0=0 +ellps=GRS80 +units=m +no_defs',
);
const ZONE = 39_000_000;
const USES: Record<Plot['kind'], readonly [code: string, name: string, right: string, nature: string]> = {
  HOMESTEAD: ['0702', '农村宅基地', '6', '批准拨用'],
  CONSTRUCTION: ['0601', '工业用地', '4', '出让'],
  CONTRACTED: ['0103', '旱地', '9', '家庭承包'],
};
/** Square metres in one unit, by the unit's number. */
const UNITS = { '1': 1, '2': 2000 / 3, '3': 10_000 } as const;

function shapeOf(account: Account, ring: Plot['ring']): string | null {
  if (account.commits('withoutBoundary')) return null;
  const crossed = account.commits('selfIntersecting');
  const [zoneless, swapped] = [account.commits('withoutZone'), account.commits('swappedAxes')];
  // Two corners in the wrong order make a bow tie.
  const corners = crossed ? [ring[0]!, ring[2]!, ring[1]!, ring[3]!, ring[0]!] : ring;
  const points = corners.map(corner => {
    const [east, north] = zone39.forward([...corner]);
    const pair = [(zoneless ? east - ZONE : east).toFixed(3), north.toFixed(3)];
    return (swapped ? pair.reverse() : pair).join(' ');
  });
  return `POLYGON((${points.join(', ')}))`;
}

function areaUnit(account: Account): keyof typeof UNITS {
  if (account.commits('areaInMu')) return '2';
  return account.commits('areaInHectares') ? '3' : '1';
}

export class ParcelRegistry {
  constructor(
    private readonly account: Account,
    private readonly random: Random,
    private readonly backlog: Backlog,
    private readonly today: string,
  ) {}

  register(plot: Plot): void {
    const { account, backlog, random } = this;
    const guid = rowGuid('zdjbxx', plot.parcelCode);
    const first = addDays(this.today, -7 * (4 + random.below(300)));
    const insertion: Version = { operation: 'I', at: `${first} 21:00:00`, columns: this.columns(plot) };
    if (account.commits('unknownAreaUnit')) {
      backlog.tellUnreadable('zdjbxx', guid, { ...insertion, columns: { ...insertion.columns, mjdw: '9' } });
      return;
    }
    const versions = [insertion];
    const at = `${addDays(first, 7 * random.below(4))} 21:00:00`;
    if (random.chance(0.03)) {
      versions.push({ operation: 'U', at, columns: { ...insertion.columns, bgtsxx: '界址复核后更新' } });
    }
    if (random.chance(0.005)) {
      versions.push({ operation: 'D', at, columns: account.commits('bareDeletion') ? {} : insertion.columns });
    }
    if (versions.some((version, index) => index > 0 && version.at === versions[index - 1]!.at)) {
      account.count('sameTime');
    }
    backlog.tell('zdjbxx', guid, versions);
  }

  private columns(plot: Plot): Columns {
    const { account, random } = this;
    const [use, useName, right, nature] = USES[plot.kind];
    const unit = areaUnit(account);
    const onlyOld = account.commits('oldNumberOnly');
    return {
      zddm: onlyOld ? null : plot.parcelCode,
      bdcdyh: onlyOld ? plot.unitCode : this.unitCode(plot.unitCode),
      xzqdm: plot.villageCode,
      zdtzm: plot.parcelCode.slice(12, 14),
      zl: plot.location,
      zdmj: (plot.areaM2 / UNITS[unit]).toFixed(unit === '1' ? 2 : 4),
      mjdw: unit,
      yt: use,
      ytmc: useName,
      dj: String(1 + random.below(5)),
      qllx: right,
      qlxz: nature,
      qlsdfs: '地表',
      rjl: plot.kind === 'CONTRACTED' ? null : (0.4 + random.below(120) / 100).toFixed(2),
      zdszd: '街巷',
      zdszn: '空地',
      zdszx: '邻宗地',
      zdszb: '街巷',
      tfh: `J50G0${40 + random.below(9)}0${50 + random.below(9)}`,
      djh: `101-${plot.parcelCode.slice(9, 12)}-${plot.parcelCode.slice(14)}`,
      dah: `ZD${plot.parcelCode.slice(9)}`,
      zt: '1',
      bgjzxx: null,
      bgtsxx: null,
      shape: shapeOf(account, plot.ring),
    };
  }

  private unitCode(unit: string): string {
    if (this.account.commits('spacedUnit')) return spacedUnit(unit);
    return this.account.commits('shortParcelUnit') ? shortUnit(unit) : unit;
  }
}
