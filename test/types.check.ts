/** Read by the compiler only: which errors the author of an adapter sees, and which not. */
import {
  about,
  code,
  codeTable,
  date,
  decimal,
  defineRecord,
  flag,
  geometry,
  instant,
  integer,
  type Polygon,
  person,
  type RecordOf,
  text,
} from '../adapters/kit/record.ts';
import { put, remove } from '../adapters/kit/statement.ts';

const title = { en: 'Kind', zh: '类' };
const state = codeTable(
  'State',
  { en: 'State', zh: '状态' },
  { OPEN: { en: 'Open', zh: '开', codes: { house: ['1', '2'] } }, SHUT: { en: 'Shut', zh: '关' } },
);
const Kind = defineRecord('Kind', {
  title,
  key: ['no'],
  about: {
    holder: person('holderId', { states: { name: 'holderName' } }),
    matter: about('Matter')(['matterCode', 'edition'], { inverse: 'kinds' }),
  },
  fields: {
    no: text({ zh: '号' }),
    holderId: text({ zh: '人', sensitivity: 'personal', mask: 'identity' }),
    holderName: text({ zh: '姓名', optional: true }),
    matterCode: text({ zh: '事项编码' }),
    edition: integer({ zh: '版本', optional: false }),
    state: code({ zh: '状态', table: state }),
    size: decimal({ zh: '大小', optional: true, unit: 'm²' }),
    on: date({ zh: '日' }),
    at: instant({ zh: '时', optional: true }),
    open: flag({ zh: '是' }),
    shape: geometry({ zh: '形', optional: true }),
  },
});
type Kind = RecordOf<typeof Kind>;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const exact: Same<
  Kind,
  {
    no: string;
    holderId: string;
    matterCode: string;
    edition: number;
    state: 'OPEN' | 'SHUT';
    on: string;
    open: boolean;
    holderName?: string | null;
    size?: string | null;
    at?: string | null;
    shape?: Polygon | null;
  }
> = true;

// ---- What a record is ------------------------------------------------------------------------------------------------

export const good: Kind = {
  no: '1',
  holderId: '2',
  matterCode: 'M',
  edition: 3,
  state: 'OPEN',
  on: '2026-01-01',
  open: true,
};
export const withNull: Kind = { ...good, size: null, at: null };
// @ts-expect-error a required field is missing
export const missing: Kind = { no: '1', holderId: '2', matterCode: 'M', edition: 3, state: 'OPEN', on: '2026-01-01' };
// @ts-expect-error a required field may not be null
export const nothing: Kind = { ...good, holderId: null };
// @ts-expect-error no such code; a source's own `1` is translated with readCode
export const wrongCode: Kind = { ...good, state: '1' };
// @ts-expect-error a decimal is text, so that no digit is lost
export const wrongDecimal: Kind = { ...good, size: 1.5 };
// @ts-expect-error a whole number is no text
export const wrongInteger: Kind = { ...good, edition: '3' };
// @ts-expect-error a day is text
export const wrongDate: Kind = { ...good, on: new Date() };
// @ts-expect-error no such field
export const extra: Kind = { ...good, colour: 'red' };

const source = { sourceId: '1', version: '1' };
export const stated = put(Kind, source, good);
export const gone = [remove(Kind, source), remove(Kind, source, good)];
// @ts-expect-error a statement needs the whole record
put(Kind, source, { no: '1' });
// @ts-expect-error a statement needs the version that orders it
put(Kind, { sourceId: '1' }, good);
// @ts-expect-error a removal states the whole record or no record
remove(Kind, source, { no: '1' });

// ---- What a declaration may say --------------------------------------------------------------------------------------

const fields = { no: text({ zh: '号' }), amount: decimal({ zh: '数' }) };
// @ts-expect-error the key names a field that does not exist
defineRecord('X', { title, key: ['nope'], fields });
// @ts-expect-error a role names a field that does not exist
defineRecord('X', { title, key: ['no'], about: { holder: person('nope') }, fields });
// @ts-expect-error one of several fields of a role does not exist
defineRecord('X', { title, key: ['no'], about: { matter: about('Matter')(['no', 'nope']) }, fields });
// @ts-expect-error what is stated names a field that does not exist
defineRecord('X', { title, key: ['no'], about: { holder: person('no', { states: { name: 'nope' } }) }, fields });
// @ts-expect-error a kind is described in both languages
defineRecord('X', { title: { en: 'X' }, key: ['no'], fields });
// @ts-expect-error a field has a Chinese title
text({ en: 'Number' });
// @ts-expect-error no such mask
text({ zh: '号', sensitivity: 'personal', mask: 'half' });
// @ts-expect-error no such sensitivity
text({ zh: '号', sensitivity: 'secret' });
// @ts-expect-error only open text gives a reason for being open
text({ zh: '号', why: 'It is a number.' });
// @ts-expect-error personal text needs no reason
text({ zh: '号', sensitivity: 'personal', why: 'It is a name.' });
// @ts-expect-error a code needs its table
code({ zh: '状态' });
// @ts-expect-error every code says what it means in both languages
codeTable('T', title, { A: { en: 'a' } });
// @ts-expect-error live is `only` or `also`
defineRecord('X', { title, key: ['no'], live: true, fields });
