/** Who sends a request, and why: the token and the purpose are checked here, for every transport. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Principal, parsePurpose, textOfHeader } from '../../access/principal.ts';
import type { CheckedPurpose, Purposes } from '../../access/purposes.ts';
import type { Authenticate } from '../../access/tokens.ts';

export class Readers {
  constructor(
    private readonly authenticate: Authenticate,
    private readonly purposes: Pick<Purposes, 'checked'>,
  ) {}

  ofHeaders(headers: IncomingHttpHeaders): Promise<Principal> {
    return this.of(headers.authorization, textOfHeader(headers['x-purpose']));
  }

  /** @param purpose as it was given; null and undefined: none was */
  async of(authorization: string | undefined, purpose: unknown): Promise<Principal> {
    const known = await this.authenticate(authorization);
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

  /** The same session with a new token. */
  async renewed(authorization: string, { statedPurpose }: Principal): Promise<Principal> {
    return this.again({ ...(await this.authenticate(authorization)), statedPurpose });
  }
}

const notOfTheForm = 'it is not of the form case:<case number>, matter:<code> or task:<code>';

const isSame = (known: Principal, { purpose, purposeProblem }: CheckedPurpose): boolean =>
  known.purposeProblem === purposeProblem && JSON.stringify(known.purpose) === JSON.stringify(purpose);
