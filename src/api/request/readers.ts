/** Who sends a request, and why: the credentials and the purpose are checked here, for every transport. */
import type { IncomingMessage } from 'node:http';
import { nobody, type Principal, parsePurpose } from '../../access/principal.ts';
import type { CheckedPurpose, Purposes } from '../../access/purposes.ts';
import { type Authenticate, unauthenticated } from '../../access/tokens.ts';
import type { Refusals } from '../../audit/refusals.ts';
import { noteRefusedToken } from './noted-acts.ts';

export class Readers {
  constructor(
    private readonly authenticate: Authenticate,
    private readonly purposes: Pick<Purposes, 'checked'>,
    private readonly refusals: Pick<Refusals, 'note'>,
  ) {}

  /**
   * The one place where credentials are accepted or refused, on every transport. Who gives none is the public; who gives
   * any that are not accepted is refused, and never served as the public.
   *
   * @param given every value that stands in a place for credentials
   * @throws HubError UNAUTHENTICATED or ISSUER_UNAVAILABLE
   */
  async identify(given: readonly unknown[]): Promise<Principal> {
    if (!given.length) return nobody();
    try {
      if (given.some(each => each !== given[0])) throw unauthenticated('different ones are given at the same time');
      return await this.authenticate(given[0]);
    } catch (error) {
      noteRefusedToken(this.refusals, error);
      throw error;
    }
  }

  /** @param purpose as it was given; null and undefined: none was */
  async stating(known: Principal, purpose: unknown): Promise<Principal> {
    if (purpose === null || purpose === undefined || purpose === '') return known;
    const statedPurpose = parsePurpose(purpose);
    if (!statedPurpose) return { ...known, purposeProblem: notOfTheForm };
    return this.again({ ...known, statedPurpose });
  }

  /** Checks the reader's purpose again, because it may have ended meanwhile. */
  async again(principal: Principal): Promise<Principal> {
    const { statedPurpose } = principal;
    if (!statedPurpose) return principal;
    const checked = await this.purposes.checked(principal, statedPurpose);
    return isSame(principal, checked) ? principal : { ...principal, ...checked };
  }

  /** The same reader with a new token. */
  async renewed(given: unknown, { statedPurpose, subject }: Principal): Promise<Principal> {
    const principal = await this.identify([given]);
    if (principal.subject !== subject) {
      const error = unauthenticated('the token is of somebody else, open another socket', principal);
      noteRefusedToken(this.refusals, error);
      throw error;
    }
    return this.again({ ...principal, statedPurpose });
  }
}

/**
 * The credentials in the head of a request. A token in the address counts too, so that it is refused: addresses stand in
 * logs and histories.
 */
export function credentialsOf({ headers, url }: Pick<IncomingMessage, 'headers' | 'url'>): unknown[] {
  const given: unknown[] = headers.authorization === undefined ? [] : [headers.authorization];
  return url && /[?&]access_token=/i.test(url) ? [...given, 'access_token'] : given;
}

const notOfTheForm = 'it is not of the form case:<case number>, matter:<code> or task:<code>';

const isSame = (known: Principal, { purpose, purposeProblem }: CheckedPurpose): boolean =>
  known.purposeProblem === purposeProblem && JSON.stringify(known.purpose) === JSON.stringify(purpose);
