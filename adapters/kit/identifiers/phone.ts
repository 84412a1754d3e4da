import type { Fault, Format } from '../format.ts';
import { faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/** The country's code is dropped before a mobile number only: a landline would lack its leading zero then. */
const COUNTRY_CODE = /^(\+86|0086|86)(?=1[3-9]\d{9}$)/;
/** 010 and 02x have 8 digits after them, all other areas have 4 digits and 7 or 8 after them. */
const LANDLINE = /^0((10|2\d)\d{8}|[3-9]\d{2}\d{7,8})$/;

const mobileFaults = (value: string): readonly Fault[] =>
  faultsWhere({ LENGTH: value.length !== 11, STRUCTURE: !/^1[3-9]/.test(value) });

/** A landline number that a column of 11 characters cut short gets LENGTH: `0534-722123`. */
const landlineFaults = (value: string): readonly Fault[] => {
  if (!/^0(10|2\d|[3-9]\d{2})/.test(value)) return [value.length < 4 ? 'LENGTH' : 'STRUCTURE'];
  return faultsWhere({ LENGTH: !LANDLINE.test(value) });
};

/** 7 or 8 digits are a landline whose area is unknown. */
const localFaults = (value: string): readonly Fault[] => [/^\d{7,8}$/.test(value) ? 'AMBIGUOUS' : 'LENGTH'];

/** 联系电话: a mobile number of 11 digits or a landline with its area, both without dashes and brackets. */
export const phone: Format = {
  name: 'telephone number',
  zh: '联系电话',
  isPersonal: true,
  normalise: raw => plainSpelling(raw.normalize('NFKC').replace(/[()]/g, '')).replace(COUNTRY_CODE, ''),
  faults: faultsBeyondShape({ characters: /^\d+$/ }, value => {
    if (value.startsWith('1')) return mobileFaults(value);
    if (value.startsWith('0')) return landlineFaults(value);
    return localFaults(value);
  }),
};
