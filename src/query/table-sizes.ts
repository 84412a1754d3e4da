/** About how many rows each table has, as PostgreSQL's planner estimates; read again every minute. */
import type { Catalog } from '../catalog/catalog.ts';
import type { ReadRows } from '../store/database.ts';

const lookAgainMs = 60_000;
/** Part of a table's rows that come or go before estimates are made anew. */
const noticeable = 0.1;

export class TableSizes {
  private rows: ReadonlyMap<string, number> = new Map();
  /** Changes when a table has become noticeably larger or smaller, so that estimates are made anew. */
  version = 0;
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
    const rows = new Map(found.map(([table, count]) => [nouns.get(table!)!, Math.max(0, Number(count))]));
    const isChanged = [...rows].some(([noun, count]) => Math.abs(count - this.of(noun)) > noticeable * this.of(noun));
    this.rows = rows;
    if (isChanged) this.version += 1;
  }
}
