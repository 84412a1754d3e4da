/** The provider's page for people: the user picks an account. A real provider asks for a password or a proof here. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { staff } from './accounts.ts';

const path = /^\/interaction\/[\w-]{1,64}$/;
const largestFormBytes = 1_000;

export const isSignIn = ({ url }: IncomingMessage): boolean => path.test(url ?? '');

/** Shows the page (GET), or takes the account that was picked (POST) and continues with the client's request. */
export async function serveSignIn(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  try {
    const { uid } = await provider.interactionDetails(request, response);
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      return response.end(page(uid));
    }
    const picked = new URLSearchParams(await readForm(request)).get('account');
    const account = staff.find(({ subject }) => subject === picked);
    const result = account
      ? { login: { accountId: account.subject, remember: true } }
      : { error: 'access_denied', error_description: 'No account was picked' };
    await provider.interactionFinished(request, response, result);
  } catch {
    response.statusCode = 400;
    response.end('This sign-in has ended: begin again');
  }
}

async function readForm(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part;
    if (text.length > largestFormBytes) throw new Error('The form is too large');
  }
  return text;
}

const page = (uid: string) => `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>统一身份认证</title>
<h1>房寺镇统一身份认证</h1>
<p>Everybody here is invented. Pick an account.</p>
<form method="post" action="/interaction/${uid}">
${staff.map(({ subject, name }) => `<p><button name="account" value="${subject}">${name}</button>`).join('\n')}
</form></html>
`;
