/**
 * Unmasks records for readers who request it, and knows all grants in force, including those of other processes of the
 * hub.
 */
import type { Principal } from '../../access/principal.ts';
import { UnmaskGrants } from '../../access/unmask-grants.ts';
import type { UnmaskGrant } from '../../domain/unmask-grant.ts';
import type { Database } from '../../store/database.ts';
import { type Granted, grantUnmask, type UnmaskOrder, unmaskGrantsInForce } from '../../store/unmask-grants.ts';

/**
 * Most records that a reader may have unmasked at a time. Readers need each for minutes only; more would be a way
 * around the rules.
 */
const maxConcurrent = 10;

export class UnmaskService {
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

  /** The grant is in force here immediately, in other processes within a second. */
  async grant(order: Omit<UnmaskOrder, 'maxConcurrent'>): Promise<Granted> {
    const granted = await grantUnmask(this.database, { ...order, maxConcurrent });
    await this.grants.refresh();
    return granted;
  }
}
