/**
 * The national exchange's gateway (国家数据共享交换平台): every request is signed with a short-lived secret, which is
 * asked for with the app key and comes encrypted with it.
 */
import { createDecipheriv, createHmac, randomUUID } from 'node:crypto';
import { type Call, decodeUtf8, type Io, parseJson, SourceError } from '../kit/index.ts';
import { isRow, plainText, type Row } from './wire.ts';

export interface GatewaySettings {
  readonly url: string;
  readonly requesterId: string;
  readonly appKey: string;
}

interface Secret {
  readonly value: string;
  readonly endsAtMs: number;
}

/** The gateway's own refusals; all other codes come from the service behind it. */
const SECRET_HAS_ENDED = '10401';
const REFUSALS: Readonly<Record<string, string>> = {
  '10402': 'the signature is wrong: check requester id and app key',
  '10403': 'the request is too old: the clocks differ',
  '10404': 'the service is not known or not granted',
  '10405': 'the requester is not known',
};

export class Gateway {
  private secret: Secret | null = null;
  private readonly base: string;

  constructor(
    private readonly settings: GatewaySettings,
    private readonly io: Io,
  ) {
    this.base = settings.url.replace(/\/+$/, '');
  }

  /** Asks a service; an expired secret is renewed once, as the protocol wants. Throws `SourceError`. */
  async ask(serviceId: string, body: Row, call: Call): Promise<unknown> {
    const answer = await this.post('/gateway/data', serviceId, await this.currentSecret(call), body, call);
    if (!isRow(answer) || plainText(answer.code) !== SECRET_HAS_ENDED) return this.accepted(answer);
    const renewed = await this.renew(call);
    return this.accepted(await this.post('/gateway/data', serviceId, renewed, body, call));
  }

  private async currentSecret(call: Call): Promise<Secret> {
    if (this.secret && this.secret.endsAtMs > this.io.now().getTime()) return this.secret;
    return this.renew(call);
  }

  private async renew(call: Call): Promise<Secret> {
    const key: Secret = { value: this.settings.appKey, endsAtMs: Number.POSITIVE_INFINITY };
    const answer = this.accepted(await this.post('/gateway/secret', '', key, {}, call));
    const given = isRow(answer) && isRow(answer.datas) ? answer.datas : {};
    const [encrypted, end] = [plainText(given.secret), Number(plainText(given.secretEndTime))];
    if (!encrypted || !Number.isFinite(end)) throw new SourceError('MALFORMED', 'the exchange gave no secret');
    this.secret = { value: this.decrypt(encrypted), endsAtMs: end };
    return this.secret;
  }

  /** AES in ECB mode, as the exchange prescribes: the text is one random value. */
  private decrypt(encrypted: string): string {
    const key = Buffer.from(this.settings.appKey, 'utf8');
    try {
      const decipher = createDecipheriv(`aes-${key.length * 8}-ecb`, key, null);
      return decipher.update(encrypted, 'base64', 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new SourceError('REFUSED', "the exchange's secret cannot be read with this app key", { cause });
    }
  }

  private async post(path: string, serviceId: string, { value }: Secret, body: Row, call: Call): Promise<unknown> {
    const rid = this.settings.requesterId;
    const rtime = String(this.io.now().getTime());
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': randomUUID(),
      gjgxjhpt_rid: rid,
      gjgxjhpt_sid: serviceId,
      gjgxjhpt_rtime: rtime,
      gjgxjhpt_sign: createHmac('sha256', value)
        .update(serviceId + rid + rtime)
        .digest('base64'),
    };
    const request = { method: 'POST', headers, body: JSON.stringify(body), signal: call.signal };
    let text: string;
    try {
      const response = await this.io.fetch(this.base + path, request);
      const bytes = await response.arrayBuffer();
      refuseStatus(response.status);
      text = decodeUtf8(bytes);
    } catch (cause) {
      if (cause instanceof SourceError) throw cause;
      if (call.signal.aborted) throw new SourceError('TIMEOUT', 'the exchange did not answer in time', { cause });
      throw new SourceError('UNREACHABLE', 'the exchange cannot be reached', { cause });
    }
    return readAnswer(text);
  }

  private accepted(answer: unknown): unknown {
    const code = isRow(answer) ? plainText(answer.code) : null;
    if (code === SECRET_HAS_ENDED)
      throw new SourceError('REFUSED', 'the exchange refuses the secret that it just gave');
    const refusal = code === null ? undefined : REFUSALS[code];
    if (refusal) throw new SourceError('REFUSED', `the exchange refuses: ${refusal}`);
    return answer;
  }
}

function refuseStatus(status: number): void {
  if (status < 300) return;
  if (status === 408 || status === 504) throw new SourceError('TIMEOUT', `the exchange answered HTTP ${status}`);
  const passes = status === 429 || status >= 500;
  throw new SourceError(passes ? 'UNREACHABLE' : 'REFUSED', `the exchange answered HTTP ${status}`);
}

/** A page holds rows with lists of rows in them. */
const DEEPEST = 32;

function readAnswer(text: string): unknown {
  try {
    return parseJson(text, DEEPEST);
  } catch {
    // The parser's message quotes the text, which contains personal data.
    throw new SourceError('MALFORMED', 'the exchange answered something that is not JSON');
  }
}
