/** Unmasks records for their askers, and knows what is unmasked: here, and what other processes of the hub granted. */
import type { Principal } from '../access/principal.ts';
import { UnmaskGrants } from '../access/unmask-grants.ts';
import type { UnmaskGrant } from '../domain/unmask-grant.ts';
import type { Database } from '../store/database.ts';
import { type Granted, grantUnmask, type UnmaskOrder, unmaskGrantsInForce } from '../store/unmask-grants.ts';

/** Readers look at what they asked about within minutes: more at once would be a way around the rules. */
const mostAtOnce = 10;

export class UnmaskDesk {
  private readonly grants: UnmaskGrants;

  constructor(
    private readonly database: Database,
    onError: (error: unknown) => void,
  ) {
    this.grants = new UnmaskGrants(() => unmaskGrantsInForce(database), onError);
  }

  start = (): Promise<void> => this.grants.start();
  stop = (): Promise<void> => this.grants.stop();

  /** What this reader has unmasked. */
  of(principal: Principal): readonly UnmaskGrant[] {
    return this.grants.of(principal);
  }

  /** In force here at once, elsewhere within a second. */
  async grant(order: Omit<UnmaskOrder, 'mostAtOnce'>): Promise<Granted> {
    const granted = await grantUnmask(this.database, { ...order, mostAtOnce });
    await this.grants.refresh();
    return granted;
  }
}
