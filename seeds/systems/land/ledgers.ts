/** Approvals of homesteads, and the ledger of land quotas of the town and of the city it belongs to. */
import { addDays } from '../../township/days.ts';
import type { Random, Resident, Township } from '../../township/model.ts';
import { type Account, type Backlog, type Columns, rowGuid } from './exchange-log.ts';
import { spellDay, spellNumber } from './spelling.ts';

/** From this day on the town decides; before, the county did. */
const TOWN_DECIDES_FROM = '2020-01-01';

export function tellHomesteads(town: Township, account: Account, random: Random, backlog: Backlog): void {
  const heads = town.residents.filter(({ relation, migrant }) => relation === '01' && !migrant);
  const sizes = Map.groupBy(town.residents, resident => resident.householdNo);
  const count = Math.min(heads.length, Math.round(town.residents.length / 100));
  for (let serial = 1; serial <= count; serial++) {
    const head = heads[Math.floor(((serial - 1) * heads.length) / count)]!;
    const day = random.day('2016-03-01', addDays(town.today, -90));
    const number = `ZJD${day.slice(0, 4)}${String(serial).padStart(5, '0')}`;
    const size = sizes.get(head.householdNo)!.length;
    const columns = homestead(account, random, { head, size, day, number });
    const at = `${addDays(day, 60)} 23:00:00`;
    if (account.commits('impossibleDate')) {
      const spoilt = { ...columns, sqrq: '2024-13-01' };
      backlog.tellUnreadable('zjdsp', rowGuid('zjdsp', number), { operation: 'I', at, columns: spoilt });
    } else backlog.tell('zjdsp', rowGuid('zjdsp', number), [{ operation: 'I', at, columns }]);
  }
}

interface Application {
  head: Resident;
  size: number;
  day: string;
  number: string;
}

function homestead(account: Account, random: Random, { head, size, day, number }: Application): Columns {
  const byCounty = day < TOWN_DECIDES_FROM;
  const inMu = account.commits('areaInMu');
  const areaM2 = 150 + random.below(115);
  const opinionDay = (days: number) => spellDay(account, random, addDays(day, days));
  return {
    spbh: number,
    sqr: head.name,
    sqrzjh: spellNumber(account, head.residentId),
    xzqdm: account.commits('shortRegion') ? head.villageCode.slice(0, 9) : head.villageCode,
    jtrk: size,
    pzmj: inMu ? (areaM2 / (2000 / 3)).toFixed(4) : areaM2.toFixed(2),
    mjdw: inMu ? '亩' : '平方米',
    zl: head.address,
    jflx: random.pick(['1', '2', '3', '4', '原址翻建']),
    sqrq: spellDay(account, random, day),
    cyj: '经村民代表会议讨论并公示，同意',
    cyjrq: opinionDay(10),
    zyj: byCounty ? '同意上报' : '同意批准',
    zyjrq: opinionDay(25),
    xyj: byCounty ? '同意批准' : null,
    xyjrq: byCounty ? opinionDay(45) : null,
    pzsbh: `农宅字371482101${number.slice(3)}`,
  };
}

interface Quota {
  nd: number;
  zblx: string;
  town: boolean;
  lyxm: string | null;
  quota: number;
  used: number;
}
const FIRST_YEAR = 2012;

/** In 2015 the town got 105 mu, a fifth of what the city had; resettling its villages freed 3,578. */
function* quotasOf(year: number, thisYear: number, random: Random): Generator<Quota> {
  const city = year === 2015 ? 525 : 420 + 10 * random.below(30);
  const town = year === 2015 ? 105 : Math.round(city * (0.2 + random.below(5) / 100));
  yield { nd: year, zblx: '1', town: false, lyxm: null, quota: city, used: city };
  yield {
    nd: year,
    zblx: '1',
    town: true,
    lyxm: null,
    quota: town,
    used: year < thisYear ? town : town - random.below(20),
  };
  const freed = year === 2015 ? 3578 : 120 + random.below(400);
  const used = Math.round(freed * 0.6);
  yield { nd: year, zblx: '2', town: true, lyxm: `房寺镇${year}年两区同建增减挂钩项目`, quota: freed, used };
  yield { nd: year, zblx: '2', town: false, lyxm: null, quota: freed * 3, used: used * 2 };
}

export function tellQuotas(town: Township, random: Random, backlog: Backlog): void {
  const thisYear = Number(town.today.slice(0, 4));
  for (let year = FIRST_YEAR; year <= thisYear; year++) {
    let serial = 0;
    for (const { quota, used, town: own, ...entry } of quotasOf(year, thisYear, random)) {
      const zbbh = `ZB${year}-${String(++serial).padStart(2, '0')}`;
      const columns = {
        ...entry,
        zbbh,
        zbjb: own ? '5' : '4',
        xzqdm: own ? '371482101' : '371482',
        zbmj: quota.toFixed(2),
        yymj: used.toFixed(2),
        jymj: (quota - used).toFixed(2),
      };
      const guid = rowGuid('ydzb', zbbh);
      const planned = { ...columns, yymj: '0.00', jymj: columns.zbmj };
      backlog.tell('ydzb', guid, [
        { operation: 'I', at: `${year}-01-20 20:00:00`, columns: planned },
        { operation: 'U', at: `${year}-10-20 20:00:00`, columns },
      ]);
    }
  }
}
