/** Makes rows that cannot be read: each keeps its own id, so no two of them are the same text. */
import type { Random } from '../../township/model.ts';
import type { FaultDice } from './fault-dice.ts';
import type { WireRow } from './spelling.ts';

export function spoilEntity(row: WireRow, dice: FaultDice, random: Random): boolean {
  if (dice.commits('unknownState')) row.REGSTATE = random.pick(['7', '清算中', '待定']);
  else if (dice.commits('impossibleDate')) row.ESTDATE = random.pick(['2019-02-30', '20211301', '2018-06-31']);
  else if (dice.commits('missingName')) row.ENTNAME = random.pick(['', '   ', null]);
  else return false;
  return true;
}

export function spoilChange(row: WireRow, dice: FaultDice): boolean {
  if (!dice.commits('impossibleDate')) return false;
  row.ALTDATE = '2021-02-29';
  return true;
}

export function spoilListing(row: WireRow, dice: FaultDice): boolean {
  if (!dice.commits('unknownReason')) return false;
  row.SPECAUSE = '12';
  return true;
}

export function spoilCase(row: WireRow, dice: FaultDice, random: Random): boolean {
  if (!dice.commits('unreadableCase')) return false;
  Object.assign(row, random.pick([{ SUBMITTYPE: '7' }, { APPLYTIME: '2026-02-30 10:00:00' }, { ITEMCODE: '' }]));
  return true;
}
