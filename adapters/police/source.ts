/** The open connection to the police's request service platform. */
import { residentId } from '../kit/identifiers/resident-id.ts';
import {
  type AgencySource,
  type Call,
  decodeUtf8,
  type Io,
  type Item,
  type Page,
  SourceError,
  townClock,
} from '../kit/index.ts';
import {
  afterRow,
  afterSweep,
  conditionOf,
  type Position,
  readPosition,
  rowNoPattern,
  stampPattern,
  writePosition,
} from './position.ts';
import { type RbspQuery, type RbspSender, type RbspTable, readResponse, writeRequest } from './rbsp.ts';
import { type LiveKind, liveKinds, type PoliceRow, type ServiceKind, services } from './services.ts';

export interface PoliceSettings extends RbspSender {
  readonly url: string;
}

const KEYS_PER_REQUEST = 100;
const ROWS_PER_REQUEST = 1000;
/** A person has few cards and permits; a batch of people should not have more rows than this. */
const ROWS_PER_LOOKUP = KEYS_PER_REQUEST * 20;

export class PoliceSource implements AgencySource<PoliceRow> {
  constructor(
    private readonly settings: PoliceSettings,
    private readonly io: Io,
  ) {}

  async changes(after: string | null, limit: number, call: Call): Promise<Page<PoliceRow>> {
    let position: Position = readPosition(after);
    const items: Item<PoliceRow>[] = [];
    while (items.length < limit) {
      const lineCount = Math.min(limit - items.length, ROWS_PER_REQUEST);
      const table = await this.query(position.kind, conditionOf(position), lineCount, call);
      // Only an empty answer ends a sweep: a platform may return fewer rows than it was asked for.
      if (table.rows.length === 0) {
        const { last, ...next } = afterSweep(position, table.timeStamp);
        position = next;
        if (last) return { items, next: writePosition(position), done: true };
        continue;
      }
      for (const values of table.rows) items.push(itemOf(position.kind, table.header, values));
      position = afterRow(position, lastRowOf(table), table.timeStamp);
    }
    return { items, next: writePosition(position), done: false };
  }

  async lookup(kind: string, keys: readonly string[], call: Call): Promise<readonly (readonly Item<PoliceRow>[])[]> {
    const live = liveKinds.find(name => name === kind);
    if (!live) throw new SourceError('REFUSED', `${kind} cannot be asked for by person`);
    const ids = [...new Set(keys.map(residentId.normalise))].filter(id => residentId.faults(id).length === 0);
    const found = new Map<string, Item<PoliceRow>[]>();
    for (let from = 0; from < ids.length; from += KEYS_PER_REQUEST) {
      await this.lookUpBatch(live, ids.slice(from, from + KEYS_PER_REQUEST), found, call);
    }
    return keys.map(key => found.get(residentId.normalise(key)) ?? []);
  }

  private async lookUpBatch(kind: LiveKind, ids: string[], found: Map<string, Item<PoliceRow>[]>, call: Call) {
    const condition = `GMSFHM IN (${ids.map(id => `'${id}'`).join(',')})`;
    const { header, rows } = await this.query(kind, condition, ROWS_PER_LOOKUP, call);
    for (const values of rows) {
      const item = itemOf(kind, header, values);
      const person = residentId.normalise(values[header.indexOf('GMSFHM')] ?? '');
      found.set(person, [...(found.get(person) ?? []), item]);
    }
    if (kind === 'Resident') for (const [person, items] of found) found.set(person, entriesInForce(items));
  }

  private async query(kind: ServiceKind, condition: string, lineCount: number, call: Call): Promise<RbspTable> {
    const { id: serviceId, items } = services[kind];
    const table = await this.send({ serviceId, condition, items, orderBy: ['GXSJ', 'XH'], lineCount }, call);
    const missing = items.filter(name => !table.header.includes(name));
    if (table.rows.length > 0 && missing.length > 0) {
      throw new SourceError('MALFORMED', `service ${serviceId} answered without ${missing.join(', ')}`);
    }
    return table;
  }

  private async send(query: RbspQuery, { signal }: Call): Promise<RbspTable> {
    const timeStamp = townClock(this.io.now().getTime()).replace(/\D/g, '').slice(0, 14);
    try {
      const response = await this.io.fetch(this.settings.url, {
        method: 'POST',
        headers: { 'content-type': 'text/xml; charset=UTF-8' },
        body: writeRequest(query, this.settings, timeStamp),
        signal,
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw httpError(response.status);
      }
      return readResponse(decodeUtf8(await response.arrayBuffer()));
    } catch (cause) {
      if (cause instanceof SourceError) throw cause;
      if (signal.aborted) throw new SourceError('TIMEOUT', 'the police platform did not answer in time', { cause });
      throw new SourceError('UNREACHABLE', 'the police platform cannot be reached', { cause });
    }
  }
}

const httpError = (status: number): SourceError => {
  const kind = status >= 500 ? 'UNREACHABLE' : status === 401 || status === 403 ? 'REFUSED' : 'MALFORMED';
  return new SourceError(kind, `the police platform answered with HTTP status ${status}`);
};

function itemOf(kind: ServiceKind, header: readonly string[], values: readonly string[]): Item<PoliceRow> {
  const { id } = services[kind];
  if (values.length !== header.length) {
    const reason = `has ${values.length} values for ${header.length} names`;
    return { raw: JSON.stringify({ ServiceID: id, Row: values }), unreadable: { field: 'Row', reason } };
  }
  const row: Record<string, string> = {};
  for (let at = 0; at < header.length; at++) row[header[at]!] = values[at]!;
  return { raw: JSON.stringify({ ServiceID: id, ...row }), native: { kind, row } };
}

/** A row that cannot be restated must have a position too, or nothing could be read after it. */
function lastRowOf({ header, rows }: RbspTable): [string, string] {
  const last = rows.at(-1)!;
  const gxsj = last[header.indexOf('GXSJ')]?.trim() ?? '';
  const xh = last[header.indexOf('XH')]?.trim() ?? '';
  if (stampPattern.test(gxsj) && rowNoPattern.test(xh)) return [gxsj, xh];
  throw new SourceError('MALFORMED', 'a row has no readable number and time');
}

/**
 * The service returns a person's former entries (JLBZ 2) beside the one in force. They are left out, so that a former
 * name or address is no conflict; for somebody with former entries only, the latest is kept.
 */
function entriesInForce(items: readonly Item<PoliceRow>[]): Item<PoliceRow>[] {
  const flagOf = (item: Item<PoliceRow>) => ('native' in item ? item.native.row.JLBZ?.trim() : undefined);
  const changedAt = (item: Item<PoliceRow>) => ('native' in item ? (item.native.row.GXSJ ?? '') : '');
  const current = items.filter(item => flagOf(item) !== '2');
  const entries = current.length > 0 ? current : items;
  const latest = entries.reduce<Item<PoliceRow> | null>(
    (best, item) => (best && changedAt(best) >= changedAt(item) ? best : item),
    null,
  );
  return latest ? [latest] : [];
}
