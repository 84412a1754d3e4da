/** Rows of SPYP_XKZ (食品药品许可证), from a delivery or from a look-up. */
import { creditCode } from '../kit/identifiers/credit-code.ts';
import { isOpenEnded, type Licence, type RecordOf, Rejection } from '../kit/index.ts';
import { readBusinessId } from './business-id.ts';
import type { Columns } from './columns.ts';
import { demandLicenceNumber, normaliseLicenceNumber } from './licence-number.ts';

type State = RecordOf<typeof Licence>['state'];
const states: Readonly<Record<string, State>> = {
  '1': 'ISSUED',
  有效: 'ISSUED',
  '2': 'SUSPENDED',
  暂停: 'SUSPENDED',
  '3': 'EXPIRED',
  过期: 'EXPIRED',
  '4': 'CANCELLED',
  注销: 'CANCELLED',
  '5': 'REVOKED',
  吊销: 'REVOKED',
  '6': 'WITHDRAWN',
  撤销: 'WITHDRAWN',
};

function stateOf(row: Columns): State {
  const state = states[row.demandWord('ZT')];
  if (!state) throw new Rejection('ZT', 'is not a state of a licence');
  return state;
}

export function readLicence(row: Columns): RecordOf<typeof Licence> {
  const { creditCode, personId } = readBusinessId(row.identifier('TYSHXYDM'));
  return {
    number: demandLicenceNumber('XKZBH', row.demandWord('XKZBH')),
    type: row.demandText('XKZLX'),
    state: stateOf(row),
    holderName: row.text('JYZMC'),
    holderCreditCode: creditCode,
    responsiblePersonName: row.text('FZR'),
    responsiblePersonId: row.identifier('FZRSFZH') ?? personId,
    premises: row.text('JYCS'),
    scope: row.text('JYXM'),
    issuedOn: row.date('FZRQ'),
    validUntil: row.date('YXQZ'),
    longTerm: isOpenEnded(row.word('YXQZ')),
    caseNo: row.word('PROJID'),
  };
}

/** The keys under which a licence can be asked for. */
export const licenceKeys = (row: Columns): readonly string[] => {
  const code = row.word('TYSHXYDM');
  const number = row.word('XKZBH');
  return [code && creditCode.normalise(code), number && normaliseLicenceNumber(number)].filter(key => key !== null);
};
