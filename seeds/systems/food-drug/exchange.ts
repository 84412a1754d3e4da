/** The exchange database: every row ever reported, as the lines that are sent, and the result that must follow. */
import type { Random } from '../../township/model.ts';
import type { Ledger } from '../pretend-system.ts';
import type { Clerks } from './clerks.ts';
import { type Cells, KIND_OF, localTime, type Row } from './row.ts';

interface Standing {
  readonly kind: string;
  readonly version: string;
  readonly deleted: boolean;
}

/** How far lines move when they are shuffled, reported late or sent twice: beyond a batch of 500. */
const REACH = 900;

export class Exchange {
  private readonly standings = new Map<string, Standing>();
  private readonly parked = new Set<string>();
  /** The last reported cells of each valid licence, for look-ups. */
  readonly licences = new Map<string, Cells>();
  private backlog: { readonly at: number; readonly line: string }[] | null = [];

  constructor(
    private readonly clerks: Clerks,
    private readonly random: Random,
    private readonly send: (lines: readonly string[]) => void,
  ) {}

  /** Reports a row of the past: a share of these was reported before, with other contents. */
  tellPast(row: Row): void {
    if (row.dataVersion > 1 && this.clerks.commit('reReport')) this.tellBefore(row);
    this.tell(row);
  }

  /** Reports a row, with a clerk's errors. */
  tell(row: Row): void {
    const { cells, parked } = this.clerks.type(row);
    const line = this.write(row, 'I', cells, parked, this.clerks.commit('shuffled') ? this.random.below(REACH) : 0);
    if (this.clerks.commit('duplicate')) this.queue(line, this.random.below(REACH));
    if (this.clerks.commit('brokenLine')) this.park(line.slice(0, Math.floor(line.length * 0.7)));
  }

  /** Reports a row without errors. */
  tellClean(row: Row): void {
    const times = { OCCURTIME: localTime(row.occurredAt), MAKETIME: localTime(row.occurredAt) };
    this.write(row, 'U', { VALIDITY_FLAG: '1', ...row.cells, ...times }, false, 0);
  }

  /** Flags the row as deleted, in one of two ways; nothing is erased. */
  tellRemoval(row: Row, now: string): void {
    const byFlag = this.random.chance(0.5);
    const madeAt = now > row.occurredAt ? now : row.occurredAt;
    const times = { OCCURTIME: localTime(madeAt), MAKETIME: localTime(madeAt) };
    const cells = { VALIDITY_FLAG: byFlag ? '0' : '1', ...row.cells, ...times };
    this.write(row, byFlag ? 'U' : 'D', cells, false, 0, true);
  }

  /** The report with the previous DATAVER, which often arrives after the later one. */
  private tellBefore(row: Row): void {
    const dataVersion = row.dataVersion - 1;
    const { cells, parked } = this.clerks.type({
      ...row,
      dataVersion,
      cells: { ...row.cells, DATAVER: dataVersion, ...EARLIER[row.table] },
    });
    const late = this.clerks.commit('lateReport') ? this.random.below(REACH) : 0;
    this.write({ ...row, dataVersion }, 'I', cells, parked, late);
  }

  private write(row: Row, operation: string, cells: Cells, parked: boolean, delay: number, deleted = false): string {
    const line = JSON.stringify({ TABLE: row.table, CD_OPERATION: operation, ROW: cells });
    this.queue(line, delay);
    if (parked) this.parked.add(line);
    else this.note(row, cells, deleted);
    return line;
  }

  private note(row: Row, cells: Cells, deleted: boolean): void {
    const kind = KIND_OF[row.table];
    const key = `${kind} ${row.sourceId}`;
    const version = `${String(row.dataVersion).padStart(6, '0')} ${deleted ? 1 : 0}`;
    const standing = this.standings.get(key);
    if (standing && standing.version >= version) return;
    this.standings.set(key, { kind, version, deleted });
    if (row.table !== 'SPYP_XKZ') return;
    if (deleted) this.licences.delete(row.sourceId);
    else this.licences.set(row.sourceId, cells);
  }

  private park(line: string): void {
    this.parked.add(line);
    this.queue(line, 0);
  }

  private queue(line: string, delay: number): void {
    if (this.backlog) this.backlog.push({ at: this.backlog.length + delay, line });
    else this.send([line]);
  }

  /** Sends every line immediately from now on. */
  open(): void {
    const backlog = this.backlog ?? [];
    this.backlog = null;
    this.send(backlog.sort((one, other) => one.at - other.at).map(({ line }) => line));
  }

  ledger(): Ledger {
    const records: Record<string, number> = {};
    const deleted: Record<string, number> = {};
    for (const standing of this.standings.values()) {
      const counts = standing.deleted ? deleted : records;
      counts[standing.kind] = (counts[standing.kind] ?? 0) + 1;
    }
    return { records, deleted, parked: this.parked.size, faults: { ...this.clerks.committed } };
  }
}

/** What the earlier report said, where it differed. */
const EARLIER: Partial<Record<Row['table'], Cells>> = {
  EA_JC_STEP_BASICINFO: { PROJECTNAME: '（首次上报，待更正）' },
  EA_JC_STEP_PROC: { NODESTATE: '01', NODERESULT: null, NODEADV: null },
  EA_JC_STEP_DONE: { RESULTEXPLAIN: '（首次上报，待更正）' },
  SPYP_XKZ: { ZT: '1' },
  SPYP_RCJC: { JCXM: '（待补录）' },
  SPYP_CJ: { SCPH: null },
};
