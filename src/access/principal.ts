/**
 * Who asks, and for which purpose. Read from a verified token and the request; without a token, the reader is the
 * public.
 */

export const roles = [
  'public',
  'clerk',
  'officer',
  'village-agent',
  'director',
  'analyst',
  'integrator',
  'auditor',
  'system-admin',
  'security-admin',
  'audit-admin',
] as const;
export type Role = (typeof roles)[number];

/** Why somebody reads personal data: `case:<case number>`, `matter:<code>` or `task:<code>`. */
export interface Purpose {
  readonly kind: 'case' | 'matter' | 'task';
  readonly value: string;
  /** Number of the order by which the reads of a task are sealed, and the order's last day once it is known. */
  readonly sealedBy?: string;
  readonly sealedUntil?: string;
}

export interface Principal {
  readonly role: Role;
  /** The token's subject; null for the public. */
  readonly subject: string | null;
  /** The agency that employs an officer (派出部门), or whose adapter an integrator looks after. */
  readonly agency: string | null;
  /** The organisation that an officer works for (属地), by its agency code: rights need both. */
  readonly host: string | null;
  /** The village of a village agent (代办员), 12 digits. */
  readonly village: string | null;
  /** The session that the token belongs to: an administrator can end it. */
  readonly session: string | null;
  /** When the token was issued, and until when it is accepted; null for the public. */
  readonly token: { readonly issuedAtMs: number; readonly expiresAtMs: number } | null;
  /** Stated with the request, never in the token; also null when it does not hold. */
  readonly purpose: Purpose | null;
  /** The purpose as it was stated: whether it holds is checked again while a stream or a socket is open. */
  readonly statedPurpose: Purpose | null;
  /** Why a stated purpose does not hold, and so counts as none. */
  readonly purposeProblem: string | null;
}

export const nobody = (): Principal => ({
  role: 'public',
  subject: null,
  agency: null,
  host: null,
  village: null,
  session: null,
  token: null,
  purpose: null,
  statedPurpose: null,
  purposeProblem: null,
});

/** Text of a header, whose bytes Node reads as Latin-1: it is decoded as UTF-8 here. */
export function textOfHeader(header: string | readonly string[] | undefined): string | null {
  if (typeof header !== 'string') return null;
  const text = Buffer.from(header, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? header : text;
}

/** Control characters are not allowed: a purpose is read on terminals too. */
const purposeForm = /^(case|matter|task):([^\s\p{C}][^\p{C}]{0,99})$/u;
/** `task:inquiry sealed:<number of the order>` */
const sealedForm = /^(\S+) sealed:(\S.*)$/;

/** The purpose that a request states; null when it does not have the form. */
export function parsePurpose(text: unknown): Purpose | null {
  const [, kind, value] = (typeof text === 'string' && purposeForm.exec(text)) || [];
  if (!kind || !value) return null;
  const [, task, sealedBy] = (kind === 'task' && sealedForm.exec(value)) || [];
  if (task && sealedBy) return { kind: 'task', value: task, sealedBy };
  return { kind: kind as Purpose['kind'], value };
}
