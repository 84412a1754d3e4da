/** The power list, and the documents by which powers are delegated or entrusted. */
import { about, agency, code, codeTable, date, defineRecord, text } from '../../../adapters/kit/record.ts';
import { matterType } from './matters.ts';

const powerOrigin = codeTable(
  'PowerOrigin',
  { en: 'Origin of a power', zh: '权力来源' },
  {
    OWN: { en: "The town's own", zh: '本级' },
    DEVOLVED: { en: 'Handed down: the town acts in its own name', zh: '下放' },
    ENTRUSTED: { en: "Entrusted: the town acts in the bureau's name", zh: '委托' },
  },
);

export const PowerListEntry = defineRecord('PowerListEntry', {
  title: { en: 'Entry of the power list', zh: '权力清单事项' },
  plural: 'powerListEntries',
  key: ['number'],
  open: true,
  about: {
    agency: agency('agencyCode'),
    delegation: about('Delegation')('delegationNo', { inverse: 'entries' }),
    legalActor: agency('legalActorCode', { inverse: 'powersActedFor' }),
    handlingAgency: agency('handlingOrgCode', { inverse: 'powersHandled' }),
  },
  fields: {
    number: text({ zh: '编号' }),
    title: text({ zh: '权力名称', searched: true }),
    origin: code({ zh: '权力来源', table: powerOrigin }),
    matterType: code({ zh: '权力类型', table: matterType }),
    agencyCode: text({ en: 'Source department', zh: '原实施部门' }),
    delegationNo: text({ zh: '授权文书编号', optional: true }),
    legalActorCode: text({ en: 'In whose name it is exercised', zh: '法律责任主体' }),
    handlingOrgCode: text({ en: 'Who handles it', zh: '实际办理机构' }),
    validFrom: date({ zh: '生效日期', optional: true }),
    validTo: date({ zh: '失效日期', optional: true }),
    legalBasis: text({ zh: '法律依据', optional: true }),
  },
});

const delegationKind = codeTable(
  'DelegationKind',
  { en: 'Kind of delegation', zh: '授权文书类型' },
  {
    COMMITMENT: { en: 'Commitment to hand down powers', zh: '权限下放承诺书' },
    ENTRUSTMENT: { en: 'Letter of entrustment', zh: '授权委托书' },
  },
);

const delegationState = codeTable(
  'DelegationState',
  { en: 'State of a delegation', zh: '授权状态' },
  {
    PROPOSED: { en: 'Proposed', zh: '拟订' },
    SIGNED: { en: 'Signed', zh: '已签署' },
    PUBLISHED: { en: 'Published', zh: '已公布' },
    EFFECTIVE: { en: 'Effective', zh: '生效' },
    EXPIRED: { en: 'Expired', zh: '到期' },
    RECALLED: { en: 'Recalled', zh: '收回' },
  },
);

export const Delegation = defineRecord('Delegation', {
  title: { en: 'Delegation: the document under which powers are handed down or entrusted', zh: '授权文书' },
  key: ['number'],
  open: true,
  about: {
    delegator: agency('delegatorCode', { inverse: 'delegationsGiven' }),
    delegate: agency('delegateCode', { inverse: 'delegationsReceived' }),
  },
  fields: {
    number: text({ zh: '文书编号' }),
    kind: code({ zh: '文书类型', table: delegationKind }),
    delegatorCode: text({ zh: '授权方' }),
    delegateCode: text({ zh: '承接方' }),
    scope: text({ zh: '授权范围' }),
    signedOn: date({ zh: '签署日期', optional: true }),
    effectiveFrom: date({ zh: '生效日期', optional: true }),
    expiresOn: date({ zh: '到期日期', optional: true }),
    publishedOn: date({ zh: '公布日期', optional: true }),
    state: code({ zh: '状态', table: delegationState }),
  },
});
