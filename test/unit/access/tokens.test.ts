import { expect, test } from '@jest/globals';
import { EndedSessions } from '../../../src/access/ended-sessions.ts';
import { configuredKeys } from '../../../src/access/token-keys.ts';
import { makeAuthenticate } from '../../../src/access/tokens.ts';
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

test('a good token names its reader', async () => {
  const clerk = await authenticate(`Bearer ${await issuer.token({ role: 'clerk' })}`);
  expect(clerk).toMatchObject({ role: 'clerk', subject: 'somebody', agency: null, tokenProblem: null });
  const integrator = await authenticate(`bearer ${await issuer.token({ role: 'integrator', agency: 'land' })}`);
  expect(integrator).toMatchObject({ role: 'integrator', agency: 'land', tokenProblem: null });
});

test('without a token the reader is the public, and nothing is wrong', async () => {
  expect(await authenticate(undefined)).toMatchObject({ role: 'public', subject: null, tokenProblem: null });
});

test.each(Object.keys(bad))('a token that is %s makes the reader the public, with the reason', async name => {
  const principal = await authenticate(`Bearer ${bad[name]}`);
  expect(principal).toMatchObject({ role: 'public', subject: null, agency: null, tokenProblem: expect.any(String) });
  if (bad[name]) expect(principal.tokenProblem).not.toContain(bad[name]);
});

test.each([{ role: 'integrator' }, { role: 'integrator', agency: 7 }, {}, { role: ['clerk'] }])(
  'claims %j are not enough',
  async claims => {
    const principal = await authenticate(`Bearer ${await issuer.token(claims as never)}`);
    expect(principal).toMatchObject({ role: 'public', tokenProblem: expect.any(String) });
  },
);

test('another scheme than Bearer is no token', async () => {
  const token = await issuer.token({ role: 'clerk' });
  for (const header of [token, `Basic ${token}`, `Bearer  ${token}`, `Bearer ${token} `, `Bearer ${token},${token}`]) {
    expect(await authenticate(header)).toMatchObject({ role: 'public' });
  }
});
