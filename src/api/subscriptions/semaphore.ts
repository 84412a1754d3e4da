/** A semaphore: lets a number of tasks run concurrently; the others wait in line. */
export class Semaphore {
  private under = 0;
  private readonly line: (() => void)[] = [];

  constructor(private readonly most: number) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.under >= this.most) await new Promise<void>(resolve => this.line.push(resolve));
    else this.under += 1;
    try {
      return await work();
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.under -= 1;
    }
  }
}
