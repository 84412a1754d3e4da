/**
 * How many deliveries are under way at the same time. Whose a delivery is shows only at the end of its body, so until
 * then a stranger may hold a place, and the memory of a body with it.
 */
export class DeliveryPlaces {
  private readonly held = new Map<string, number>();
  private total = 0;

  /** @param most of all agencies; one agency gets half of the places, one address a quarter, and each at least one */
  constructor(private readonly most: number) {}

  /** A function that gives the place back, once however often it is called; or null: there is none now. */
  take(agency: string, address: string): (() => void) | null {
    const shares = [
      [`agency ${agency}`, 2],
      [`address ${address}`, 4],
    ] as const;
    const isFull = shares.some(([who, part]) => (this.held.get(who) ?? 0) >= Math.max(1, Math.floor(this.most / part)));
    if (this.total >= this.most || isFull) return null;
    this.count(shares, 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.count(shares, -1);
      isHeld = false;
    };
  }

  private count(shares: readonly (readonly [string, number])[], by: number): void {
    this.total += by;
    for (const [who] of shares) {
      const held = (this.held.get(who) ?? 0) + by;
      if (held) this.held.set(who, held);
      else this.held.delete(who);
    }
  }
}
