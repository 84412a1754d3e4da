/** What this process knows of grants, orders and registers in the database: all of it, read again every second. */

const pollMs = 1_000;

export abstract class PolledState<T> {
  protected known: T;
  private reading: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;

  /**
   * @param nothing what is known without an answer: ended grants must not stay in force because the database does not
   *   answer
   */
  constructor(
    private readonly nothing: T,
    private readonly read: () => Promise<T>,
    private readonly onError: (error: unknown) => void,
  ) {
    this.known = nothing;
  }

  async start(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => {
      this.refresh().catch(error => {
        this.known = this.nothing;
        this.onError(error);
      });
    }, pollMs);
  }
  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.reading.catch(() => {});
  }

  /** Reads run one after the other, so that an older one never replaces what a newer one has read. */
  refresh(): Promise<void> {
    this.reading = this.reading
      .catch(() => {})
      .then(async () => {
        this.known = await this.read();
      });
    return this.reading;
  }
}
