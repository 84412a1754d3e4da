/** Things that are kept for a while and found by an id that nobody can guess; the oldest go first when there are many. */
import { randomBytes } from 'node:crypto';

export class Kept<T> {
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
