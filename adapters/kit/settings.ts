/** Building blocks for an adapter's settings: each declaration says what the variable should be. */
import { z } from 'zod';

export const url = (what: string) => z.url(`should be ${what}`).describe(what);
/** A setting that is kept out of logs and messages. */
export const secret = (what: string) => z.string().min(8, `should be ${what}`).describe(what).meta({ secret: true });
export const word = (what: string) => z.string().min(1, `should be ${what}`).describe(what);
export const port = (what: string) => z.coerce.number(`should be ${what}`).int().min(1).max(65_535).describe(what);
