/** The changes of a page that readers will see: encoded as they are found, numbered as one batch at the end. */
import type { Work } from './apply.ts';
import { CopyLines } from './copy-lines.ts';
import { copyRows } from './copy-rows.ts';

export interface RecordedChange {
  readonly kind: string;
  readonly id: string;
  readonly deleted: boolean;
  readonly caseNo: string | null;
  /** The case that the record belongs to, now and before; for a case itself its own id. */
  readonly caseId: string | null;
  readonly wasCaseId: string | null;
  /** `observed_at` of the version that this one replaces, which is now in the history; null for a new record. */
  readonly replacedAt: string | null;
  /** The leading agency has changed. */
  readonly reassigned: boolean;
}

/** For a change to a new record. */
export const nothingBefore = { wasCaseId: null, replacedAt: null, reassigned: false };

const columns =
  'ordinal kind record_id agency deleted case_no case_id was_case_id replaced_at reassigned batch_id'.split(' ');

export class Changes {
  private readonly lines = new CopyLines();
  count = 0;

  constructor(private readonly agency: string) {}

  add(change: RecordedChange): void {
    const { lines } = this;
    const from = lines.length;
    lines.cell(this.count);
    lines.cell(change.kind);
    lines.cell(change.id);
    lines.cell(this.agency);
    lines.cell(change.deleted);
    lines.cell(change.caseNo);
    lines.cell(change.caseId);
    lines.cell(change.wasCaseId);
    lines.cell(change.replacedAt);
    lines.cell(change.reassigned);
    lines.endRow(from);
    this.count += 1;
  }

  /**
   * Inserts them for the sequencer. Runs last, when every row is locked, so batches of one case are numbered in commit
   * order.
   */
  async record({ client, agency, at }: Work): Promise<void> {
    if (!this.count) return;
    const { rows } = await client.query({
      name: 'batch',
      text: 'insert into hub_batch (agency, size, at) values ($1, $2, $3) returning id',
      values: [agency, this.count, at],
    });
    await copyRows(client, 'hub_change', columns, this.lines.withLast(rows[0].id));
  }
}
