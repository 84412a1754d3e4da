/** The human-resources outpost (人社所, today 人力资源和社会保障所): files on an SFTP server. */
import { z } from 'zod';
import { defineAdapter, setting } from '../kit/index.ts';
import { readRow } from './map.ts';
import { Benefit, EmploymentRegistration, InsuredPerson, Payment } from './records.ts';
import { FileSource } from './source.ts';

const settings = z
  .object({
    host: setting.sshHost("the host name or address of the agency's SFTP server"),
    port: setting.port('the port of the SFTP server'),
    user: setting.word('the user name that the agency gave'),
    password: setting.secret('the password, where login is by password').optional(),
    privateKey: setting
      .secret('the private key in OpenSSH or PEM form (\\n for line ends), where login is by key')
      .optional(),
    hostKey: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, "should be the fingerprint of the server's host key, as SHA256:...")
      .describe("the fingerprint of the server's host key, as `ssh-keygen -lf` prints it: SHA256:..."),
    folder: setting.word('the folder in which the agency lays its files').default('/outbox'),
  })
  .refine(given => given.password !== undefined || given.privateKey !== undefined, {
    error: 'should be given, or a password instead',
    path: ['privateKey'],
  });

export default defineAdapter({
  agency: {
    code: 'human-resources',
    title: { en: 'Human resources outpost', zh: '人社所' },
    protocol: 'GB18030 files over SFTP',
  },
  version: '1',
  records: [InsuredPerson, Payment, Benefit, EmploymentRegistration],
  hallRecords: [],
  modes: ['changes', 'full', 'delta'],
  settings,
  pollEveryMs: 5_000,
  connect: given => new FileSource(given),
  map: readRow,
});
