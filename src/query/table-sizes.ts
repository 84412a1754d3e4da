/** About how many rows each table has, as PostgreSQL's planner estimates; read again every minute. */
import type { Catalog } from '../catalog/catalog.ts';
import type { ReadRows } from '../store/database.ts';

const lookAgainMs = 60_000;

export class TableSizes {
  private rows: ReadonlyMap<string, number> = new Map();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly catalog: Catalog,
    private readonly read: ReadRows,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Rows of the noun with this name; 0 while PostgreSQL has no estimate. */
  readonly of = (noun: string): number => this.rows.get(noun) ?? 0;

  async start(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => void this.refresh().catch(this.onError), lookAgainMs).unref();
  }
  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  async refresh(): Promise<void> {
    const nouns = new Map(this.catalog.all().map(noun => [noun.table, noun.name]));
    const found = await this.read('select relname, reltuples from pg_class where relname = any($1)', [
      [...nouns.keys()],
    ]);
    this.rows = new Map(found.map(([table, rows]) => [nouns.get(table!)!, Math.max(0, Number(rows))]));
  }
}
