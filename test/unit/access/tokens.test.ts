import { expect, test } from '@jest/globals';
import { EndedSessions } from '../../../src/access/ended-sessions.ts';
import { configuredKeys } from '../../../src/access/token-keys.ts';
import { holderOf, makeAuthenticate } from '../../../src/access/tokens.ts';
import { headOf } from '../../../src/api/request/errors.ts';
import type { HubError } from '../../../src/domain/error-codes.ts';
import { makeTokenIssuer } from '../../support/token-issuer.ts';

const issuer = await makeTokenIssuer();
const authenticate = makeAuthenticate({
  keys: configuredKeys(JSON.parse(issuer.environment.HUB_TOKEN_KEYS!)),
  issuer: issuer.environment.HUB_TOKEN_ISSUER!,
  audience: issuer.environment.HUB_TOKEN_AUDIENCE!,
  type: 'at+jwt',
  skewSeconds: 5,
  maxSeconds: 43_200,
  ended: new EndedSessions(0),
});
const bad = await issuer.badTokens({ role: 'clerk' });
const refusal = (given: unknown): Promise<HubError> =>
  authenticate(given).then(
    () => Promise.reject(new Error('It was accepted')),
    error => error as HubError,
  );

test('a good token names its reader', async () => {
  const clerk = await authenticate(`Bearer ${await issuer.token({ role: 'clerk' })}`);
  expect(clerk).toMatchObject({ role: 'clerk', subject: 'somebody', agency: null });
  const integrator = await authenticate(`bearer ${await issuer.token({ role: 'integrator', agency: 'land' })}`);
  expect(integrator).toMatchObject({ role: 'integrator', agency: 'land' });
});

test.each(Object.keys(bad))('a token that is %s is refused with a reason that fits a header', async name => {
  const error = await refusal(`Bearer ${bad[name]}`);
  const { status, headers } = headOf(error);
  expect([error.code, status, Object.keys(headers)]).toEqual(['UNAUTHENTICATED', 401, ['www-authenticate']]);
  // RFC 6750: printable, without quotation marks and backslashes within the description.
  expect(headers['www-authenticate']).toMatch(/^Bearer error="invalid_token", error_description="[ !#-[\]-~]+"$/);
  expect(headers['www-authenticate']).toContain(error.details.reason);
  if (bad[name]) expect(error.message).not.toContain(bad[name]);
});

test('whose a refused token is, is known where its signature was verified', async () => {
  const holderIn = async (token: string) => holderOf(await refusal(`Bearer ${token}`));
  const claims = { role: 'clerk', sub: 'clerk-9', sid: 'morning' };
  expect(await holderIn(await issuer.token(claims, '-1 minute'))).toEqual({ subject: 'clerk-9', session: 'morning' });
  expect(await holderIn(await issuer.token({ ...claims, role: 'emperor' }))).toMatchObject({ subject: 'clerk-9' });
  for (const name of ['signed by a stranger', 'changed claims', 'alg none'])
    expect(await holderIn(bad[name]!)).toBeNull();
});

test('each token has one spelling: bits that mean nothing in the last character of a part must be zero', async () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const parts = (await issuer.token({ role: 'clerk' })).split('.');
  const bytes = (text: string) => Buffer.from(text, 'base64url').toString('hex');
  for (const [i, part] of parts.entries()) {
    const spellings = [...letters].map(letter => part.slice(0, -1) + letter).filter(text => text !== part);
    for (const text of spellings.filter(other => bytes(other) === bytes(part) || i === 2)) {
      const { code } = await refusal(`Bearer ${parts.with(i, text).join('.')}`);
      expect([text, code]).toEqual([text, 'UNAUTHENTICATED']);
    }
  }
});

test.each([{ role: 'integrator' }, { role: 'integrator', agency: 7 }, {}, { role: ['clerk'] }])(
  'claims %j are not enough',
  async claims => {
    expect(await refusal(`Bearer ${await issuer.token(claims as never)}`)).toMatchObject({ code: 'UNAUTHENTICATED' });
  },
);

test('another scheme than Bearer, or anything else than one token, is refused', async () => {
  const token = await issuer.token({ role: 'clerk' });
  for (const header of [token, `Basic ${token}`, `Bearer  ${token}`, `Bearer ${token} `, `Bearer ${token},${token}`]) {
    expect([header, await refusal(header)]).toMatchObject([header, { code: 'UNAUTHENTICATED' }]);
  }
  for (const other of [undefined, null, '', 'Bearer', 7, {}, [`Bearer ${token}`]])
    expect([other, await refusal(other)]).toMatchObject([other, { code: 'UNAUTHENTICATED' }]);
});
