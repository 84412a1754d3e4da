import { z } from 'zod';
import { Approval, CaseClosing, CaseReport, defineAdapter, setting } from '../kit/index.ts';
import { map } from './map.ts';
import { HomesteadApproval, Parcel, QuotaEntry, Right } from './records.ts';
import { ExchangeSource } from './source.ts';

/** 国土所, since 2019 自然资源所: its exchange software fills a database (前置库), which is read here. */
export default defineAdapter({
  agency: {
    code: 'land',
    title: { en: 'Natural resources outpost', zh: '自然资源所' },
    protocol: 'exchange database (PostgreSQL)',
  },
  version: '1',
  records: [Parcel, Right, HomesteadApproval, QuotaEntry],
  hallRecords: [CaseReport, Approval, CaseClosing],
  modes: ['changes'],
  settings: z.object({
    databaseUrl: setting.databaseAddress(
      'the address of the exchange database, postgresql://user:password@host/database?sslmode=verify-full',
    ),
  }),
  pollEveryMs: 1_000,
  connect: settings => new ExchangeSource(settings.databaseUrl),
  map,
});
