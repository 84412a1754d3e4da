/** The police outpost (公安派出所), read through its request service platform. */
import { z } from 'zod';
import { Approval, CaseClosing, CaseReport, defineAdapter, setting } from '../kit/index.ts';
import { map } from './map.ts';
import { HouseholdChange, IdentityCard, ResidencePermit, Resident, ResidentCount } from './records.ts';
import { PoliceSource } from './source.ts';

export default defineAdapter({
  agency: { code: 'police', title: { en: 'Police station', zh: '公安派出所' }, protocol: 'RBSP' },
  version: '1',
  records: [Resident, IdentityCard, ResidencePermit, HouseholdChange, ResidentCount],
  hallRecords: [CaseReport, Approval, CaseClosing],
  modes: ['changes', 'lookup'],
  settings: z.object({
    url: setting.address('the address of the request service platform, such as https://10.0.0.1/rbsp'),
    senderId: setting.word('the sender id under which the hub is subscribed'),
    accessKey: setting.secret('the key that proves the sender, of at least 8 characters'),
  }),
  pollEveryMs: 2000,
  connect: (settings, io) => new PoliceSource(settings, io),
  map,
});
