/** A screen of the hall as its front-end would write it: it keeps what a board sends, and resumes from its cursor. */
import { Wire } from './wire.ts';

export interface ScreenPlace {
  readonly token: string | null;
  readonly purpose?: string;
  /** The document takes `$after`, and its field is called `board`. */
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
}
interface BoardMessage {
  readonly type: 'SNAPSHOT' | 'READY' | 'UPSERT' | 'REMOVE' | 'LAGGED';
  readonly cursor: string | null;
  readonly position: number | null;
  readonly page: number | null;
  readonly nodes: readonly { readonly id: string }[];
  readonly removed: string | null;
  readonly reason: string | null;
}

export class BoardScreen {
  readonly shown = new Map<string, object>();
  /** Every message that was received, without the nodes' fields. */
  readonly told: BoardMessage[] = [];
  cursor: string | null = null;
  wire: Wire | null = null;
  private read = 0;

  constructor(readonly place: ScreenPlace) {}

  async connect(url: string): Promise<void> {
    const { document, variables } = this.place;
    this.wire = await Wire.open(url, this.place);
    this.read = 0;
    this.wire.subscribe('board', document, { ...variables, after: this.cursor });
  }

  /** Processes the messages that have arrived so far. */
  take(): void {
    const frames = this.wire?.frames ?? [];
    for (; this.read < frames.length; this.read++) {
      const { id, type, payload } = frames[this.read]!;
      if (id !== 'board') continue;
      if (type !== 'next' || payload.errors) throw new Error(`The board failed: ${JSON.stringify(payload)}`);
      this.apply(payload.data.board);
    }
  }

  private apply(message: BoardMessage): void {
    this.told.push(message);
    if (message.type === 'SNAPSHOT' && message.page === 0) this.shown.clear();
    for (const node of message.nodes) this.shown.set(node.id, node);
    if (message.removed) this.shown.delete(message.removed);
    // A client that leaves in the middle of a snapshot begins again from the start.
    this.cursor = message.type === 'SNAPSHOT' ? null : message.cursor;
  }

  async reach(position: number): Promise<void> {
    await this.wire!.proven('board', position);
    this.take();
  }

  async leave(): Promise<void> {
    await this.wire?.leave();
    this.take();
    this.wire = null;
  }
}
