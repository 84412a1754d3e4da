/** Who works at this terminal, for the audit log. */
import { userInfo } from 'node:os';
import type { Who } from '../audit/entry.ts';

/** @param role the role that the command belongs to; whoever may run it has it */
export const operator = (role: string): Who => ({
  subject: userInfo().username,
  role,
  agency: null,
  session: null,
});
