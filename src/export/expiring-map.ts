/** Keeps things for a while under ids that nobody can guess; the oldest are dropped first when there are too many. */
import { randomBytes } from 'node:crypto';

export class ExpiringMap<T> {
  private readonly things = new Map<string, { readonly thing: T; readonly until: number }>();

  constructor(
    private readonly most: number,
    readonly lastsMs: number,
  ) {}

  put(thing: T, id = randomBytes(16).toString('base64url')): string {
    this.things.set(id, { thing, until: Date.now() + this.lastsMs });
    for (const oldest of this.things.keys()) {
      if (this.things.size <= this.most) break;
      this.things.delete(oldest);
    }
    return id;
  }

  find(id: string): T | null {
    const found = this.things.get(id);
    return found && found.until > Date.now() ? found.thing : null;
  }
}
