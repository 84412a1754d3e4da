/** Who asks. Read from a verified token; everybody else is the public. */

export const roles = ['public', 'clerk', 'analyst', 'integrator'] as const;
export type Role = (typeof roles)[number];

export interface Principal {
  readonly role: Role;
  /** The token's subject; null for the public. */
  readonly subject: string | null;
  /** The agency whose adapter an integrator looks after. */
  readonly agency: string | null;
  /** Why a token that was given was not accepted; told together with what is then refused. */
  readonly tokenProblem: string | null;
}

export const nobody = (tokenProblem: string | null = null): Principal => ({
  role: 'public',
  subject: null,
  agency: null,
  tokenProblem,
});
