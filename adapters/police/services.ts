/** The police's request services: each kind of record has one ServiceID, with the items that are asked of it. */

/** Every stored row begins with these: its own number, when it was committed, insert/update/delete, its edition. */
const rowItems = ['XH', 'GXSJ', 'CZBZ', 'SJBB'] as const;

export const services = {
  Resident: {
    id: 'S10-00000101',
    items: [
      ...['XH', 'GXSJ', 'GMSFHM', 'XM', 'ZYM', 'XB', 'MZ', 'CSRQ', 'HH', 'YHZGX', 'JCWH', 'MLXZ', 'RYZT', 'CXBZ'],
      ...['JLBZ', 'QYSJ', 'JSSJ', 'PCS'],
    ],
  },
  IdentityCard: {
    id: 'S10-00000102',
    items: ['XH', 'GXSJ', 'SLH', 'GMSFHM', 'XM', 'BZLX', 'QFJG', 'YXQXQSRQ', 'YXQXJZRQ'],
  },
  ResidencePermit: {
    id: 'S10-00000103',
    items: [
      ...['XH', 'GXSJ', 'JZZH', 'GMSFHM', 'XM', 'JCWH', 'JZDZ', 'FZXM', 'JZSY', 'LXDH'],
      ...['YXQXQSRQ', 'YXQXJZRQ'],
    ],
  },
  HouseholdChange: {
    id: 'S10-00000201',
    items: [
      ...rowItems,
      ...[
        'BDBH',
        'BDLB',
        'GMSFHM',
        'XM',
        'BGQXM',
        'CSRQ',
        'HH',
        'JCWH',
        'BDRQ',
        'DJRQ',
        'SWRQ',
        'QCDZ',
        'QWDZ',
        'SBRXM',
      ],
    ],
  },
  ResidentCount: {
    id: 'S10-00000202',
    items: [...rowItems, ...['JCWH', 'TJYF', 'CZRKS', 'NANS', 'NVS', 'MAN16S', 'MAN60S', 'TJSJ']],
  },
  CaseReport: {
    id: 'S10-00000301',
    items: [
      ...rowItems,
      ...['BJBH', 'YWLSH', 'SXBM', 'SXBB', 'SQNR', 'SQRLX', 'SQRXM', 'SQRZJH', 'LXDH', 'SQQD', 'SQSJ', 'SLSJ'],
      ...['CNBJRQ', 'XZQH', 'CKBH'],
    ],
  },
  Approval: {
    id: 'S10-00000302',
    items: [
      ...rowItems,
      ...['BJBH', 'YWLSH', 'HJXH', 'HJMC', 'HJLX', 'HJZT', 'HJJG', 'BLR', 'BLYJ', 'KSSJ', 'JSSJ', 'MHJ'],
    ],
  },
  CaseClosing: {
    id: 'S10-00000303',
    items: [...rowItems, ...['BJBH', 'YWLSH', 'BZBB', 'BJJG', 'BJSM', 'BJSJ', 'ZZBH']],
  },
} as const satisfies Record<string, { readonly id: string; readonly items: readonly string[] }>;

export type ServiceKind = keyof typeof services;
/** Asked about people when needed, never stored. */
export const liveKinds = ['Resident', 'IdentityCard', 'ResidencePermit'] as const satisfies readonly ServiceKind[];
/** Polled by time of change, in this order. */
export const storedKinds = [
  'ResidentCount',
  'HouseholdChange',
  'CaseReport',
  'Approval',
  'CaseClosing',
] as const satisfies readonly ServiceKind[];
export type LiveKind = (typeof liveKinds)[number];
export type StoredKind = (typeof storedKinds)[number];

/** One row of a service's answer, by the names of its header in capitals. */
export interface PoliceRow {
  readonly kind: ServiceKind;
  readonly row: Readonly<Record<string, string>>;
}
