/** Residents of each village at the end of each of 24 months. All villages of a month are committed at one moment. */
import { addDays } from '../../township/days.ts';
import type { Resident, Township } from '../../township/model.ts';
import type { Archive } from './archive.ts';
import type { Scribe } from './scribe.ts';

const MONTHS = 24;
interface Count {
  all: number;
  males: number;
  aged16: number;
  aged60: number;
}

/** First days of the months before a day, the oldest first, and the first day after them. */
function monthsBefore(today: string): string[] {
  const months = [`${today.slice(0, 7)}-01`];
  while (months.length <= MONTHS) months.unshift(`${addDays(months[0]!, -1).slice(0, 7)}-01`);
  return months;
}

const yearsBefore = (day: string, years: number): string => `${Number(day.slice(0, 4)) - years}${day.slice(4)}`;

function countAt(day: string, residents: readonly Resident[]): Map<string, Count> {
  const counts = new Map<string, Count>();
  const born16 = yearsBefore(day, 16);
  const born60 = yearsBefore(day, 60);
  for (const { villageCode, born, diedOn, sex, migrant } of residents) {
    if (migrant || born >= day || (diedOn !== null && diedOn < day)) continue;
    const count = counts.get(villageCode) ?? { all: 0, males: 0, aged16: 0, aged60: 0 };
    counts.set(villageCode, count);
    count.all++;
    if (sex === 'MALE') count.males++;
    if (born < born16) count.aged16++;
    if (born < born60) count.aged60++;
  }
  return counts;
}

export function tellResidentCounts(town: Township, archive: Archive, scribe: Scribe): void {
  const months = monthsBefore(town.today);
  for (let at = 0; at < MONTHS; at++) {
    const month = months[at]!;
    const next = months[at + 1]!;
    const counts = countAt(next, town.residents);
    for (const { code } of town.villages) {
      const { all, males, aged16, aged60 } = counts.get(code) ?? { all: 0, males: 0, aged16: 0, aged60: 0 };
      const moment = `${next}T02:00:00+08:00`;
      archive.tell({
        kind: 'ResidentCount',
        id: `${code}-${month.slice(0, 7)}`,
        edition: 2,
        at: moment,
        values: {
          JCWH: code,
          TJYF: scribe.month(month),
          CZRKS: String(all),
          NANS: String(males),
          NVS: String(all - males),
          MAN16S: String(aged16),
          MAN60S: String(aged60),
          TJSJ: scribe.moment(moment),
        },
        earlier: { CZRKS: String(all + 1) },
      });
    }
  }
}
