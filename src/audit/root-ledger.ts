/**
 * Gives roots their numbers and links and keeps them beside the log; then each is signed and sent to the second place, in
 * order. Where the signer or the second place fails, roots wait and are tried again; the log goes on.
 */
import path from 'node:path';
import { type RootSigner, signRoot } from './root-signing.ts';
import {
  appendDurably,
  keptLine,
  type LogRoot,
  linkAfter,
  type RootPlace,
  readRoots,
  rootLine,
  whereNothingIs,
} from './roots.ts';

export const ledgerFile = (dir: string): string => path.join(dir, 'roots.jsonl');
const retryMs = 2_000;

/** The log must not be continued as it is: one sentence about what to do. */
export class BrokenProof extends Error {
  override readonly name = 'BrokenProof';
}

export interface LedgerParts {
  readonly dir: string;
  readonly place: RootPlace;
  /** Null: roots are not signed. */
  readonly signer: RootSigner | null;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export class RootLedger {
  private last: LogRoot | null = null;
  private readonly waiting: LogRoot[] = [];
  private bringing: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;

  constructor(private readonly parts: LedgerParts) {}

  /**
   * Reads the roots from before this start, and sends those that did not reach the second place. Throws a BrokenProof
   * where going on would hide that roots are gone, or that they were signed.
   */
  async open(): Promise<void> {
    const { dir, place, signer, onError } = this.parts;
    const known = await readRoots(ledgerFile(dir)).catch(whereNothingIs);
    if (!signer && known.some(({ signatures }) => signatures))
      throw new BrokenProof(
        'The roots of this audit log are signed, so roots without a signature would break its proof: set HUB_AUDIT_SIGNING_KEY',
      );
    const kept = await place.kept().catch((error: unknown) => {
      onError(error);
      return null;
    });
    checkAgainst(known, kept ?? []);
    this.last = known.at(-1) ?? null;
    this.waiting.push(...notYetThere(known, kept));
    this.bring();
  }

  /** The last entry under a root. */
  get through(): number {
    return this.last?.to ?? 0;
  }
  /** The number of roots that are not signed yet, or have not reached the second place. */
  get behind(): number {
    return this.waiting.length;
  }
  /** When the first of them was made; null when there is none. */
  get behindSince(): string | null {
    return this.waiting[0]?.at ?? null;
  }

  /** Resolves when the root is stored beside the log; its signature and the second place follow. */
  async seal(batch: Pick<LogRoot, 'from' | 'to' | 'at' | 'root'>): Promise<void> {
    const { last } = this;
    const next: LogRoot = { batch: (last?.batch ?? 0) + 1, ...batch, prev: linkAfter(last) };
    await appendDurably(ledgerFile(this.parts.dir), `${rootLine(next)}\n`);
    this.last = next;
    this.waiting.push(next);
    this.bring();
  }

  private bring(): void {
    this.bringing = this.bringing.then(() => this.bringAll());
  }
  private async bringAll(): Promise<void> {
    const { place, onError } = this.parts;
    try {
      while (this.waiting.length) {
        this.waiting[0] = await this.signed(this.waiting[0]!);
        await place.keep(this.waiting[0]);
        this.waiting.shift();
      }
    } catch (error) {
      onError(error);
      this.retry ??= setTimeout(() => {
        this.retry = null;
        this.bring();
      }, retryMs).unref();
    }
  }

  /** The signed root stands beside the log before it leaves, so that one that was signed is never signed again. */
  private async signed(root: LogRoot): Promise<LogRoot> {
    const { signer, dir, now } = this.parts;
    if (!signer || root.signatures) return root;
    const signature = await signRoot(signer, rootLine(root), now().toISOString());
    const signed = { ...root, signatures: [signature] };
    await appendDurably(ledgerFile(dir), `${keptLine(signed)}\n`);
    return signed;
  }

  /** Tries once more to send what is waiting. */
  async close(): Promise<void> {
    if (this.retry) clearTimeout(this.retry);
    this.bring();
    await this.bringing;
    if (this.retry) clearTimeout(this.retry);
    await this.parts.place.close();
  }
}

/** A root is stored beside the log before it leaves, so the second place never knows more. */
function checkAgainst(known: readonly LogRoot[], kept: readonly LogRoot[]): void {
  const here = new Set(known.map(linkAfter));
  const gone = kept.find(root => !here.has(linkAfter(root)));
  if (!gone) return;
  throw new BrokenProof(
    `HUB_AUDIT_ROOTS holds the root of batch ${gone.batch} (entries ${gone.from} to ${gone.to}), which HUB_AUDIT_DIR does not ` +
      'have: its log was cut off, replaced or removed. Keep both for whoever looks into it, and name new places for both',
  );
}

/**
 * What follows the last root of the second place. Where it holds none or cannot tell, only what a crash may have kept
 * from it: the last root, and those that still wait for a signature. An emptied place is not filled again, because that
 * would hide that it was emptied.
 */
function notYetThere(known: readonly LogRoot[], kept: readonly LogRoot[] | null): LogRoot[] {
  const through = kept?.length ? Math.max(...kept.map(({ batch }) => batch)) : null;
  if (through !== null) return known.filter(({ batch }) => batch > through);
  const lastSigned = known.findLastIndex(({ signatures }) => signatures);
  return known.slice(lastSigned < 0 ? -1 : Math.min(lastSigned + 1, known.length - 1));
}
