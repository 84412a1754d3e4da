import { z } from 'zod';
import { Approval, CaseClosing, CaseReport, defineAdapter, setting } from '../kit/index.ts';
import { Gateway } from './gateway.ts';
import { map } from './map.ts';
import { AbnormalListing, BusinessChange, MarketEntity } from './records.ts';
import { CommerceSource } from './source.ts';

const settings = z.object({
  url: setting.address("the address of the exchange's gateway, as in https://10.0.0.1"),
  requesterId: setting.word("the requester's id that the exchange issued (gjgxjhpt_rid)"),
  appKey: setting.secret('the app key that the exchange issued: 16, 24 or 32 characters'),
  entityServiceId: setting.word('the service id (gjgxjhpt_sid) of 市场主体信息'),
  changeServiceId: setting.word('the service id (gjgxjhpt_sid) of 市场主体变更信息'),
  abnormalServiceId: setting.word('the service id (gjgxjhpt_sid) of 经营异常名录'),
  caseServiceId: setting.word('the service id (gjgxjhpt_sid) of 办件信息'),
  entityQueryServiceId: setting.word('the service id (gjgxjhpt_sid) of 市场主体查询'),
  overlapMinutes: z.coerce
    .number()
    .int()
    .min(0)
    .max(1440)
    .default(10)
    .describe('the minutes that a row may appear later at the exchange than the time it carries'),
});

export default defineAdapter({
  agency: {
    code: 'commerce',
    title: { en: 'Market supervision outpost', zh: '市场监管所' },
    protocol: 'REST/JSON through the national exchange, signed with HMAC-SHA256',
  },
  version: '1',
  records: [MarketEntity, BusinessChange, AbnormalListing],
  hallRecords: [CaseReport, Approval, CaseClosing],
  modes: ['changes', 'lookup'],
  settings,
  pollEveryMs: 1_000,
  connect: (read, io) =>
    new CommerceSource(new Gateway(read, io), {
      serviceIds: {
        entity: read.entityServiceId,
        change: read.changeServiceId,
        abnormal: read.abnormalServiceId,
        case: read.caseServiceId,
        entityQuery: read.entityQueryServiceId,
      },
      overlapMinutes: read.overlapMinutes,
    }),
  map,
});
