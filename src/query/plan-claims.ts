/** What all agencies say of a person or an organisation, in one list, and where they differ. */
import { foldDots } from '../../adapters/kit/names.ts';
import { maskValue } from '../access/masks.ts';
import { type Catalog, isStored, type StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import type { Fetch, FetchedRow, NounFetch } from './fetch.ts';
import { compareInstants, isoInstant } from './instants.ts';
import { type NoteRow, noteWriter } from './note-persons.ts';
import { items, listFetch } from './plan-list.ts';
import { plainWriter } from './plan-plain.ts';
import type { Planner, WriteRow } from './planner.ts';
import type { ResponseWriter, Written } from './response-writer.ts';
import type { SelectedField } from './selected-field.ts';

const largestRecords = 200;

/** Records of every agency, the latest first. */
export function recordsWriter(planner: Planner, fetch: NounFetch, depth: number, selected: SelectedField): WriteRow {
  const first = selected.args.first as number;
  if (first < 0 || first > largestRecords)
    throw new HubError('BAD_USER_INPUT', `\`first\` goes from 0 to ${largestRecords}`);
  const below = fetch.below(depth);
  const lists = [...fetch.noun.relations.values()].flatMap(relation => {
    const { to, many, live } = relation;
    if (!many || live || !isStored(to) || to.origin === 'derived' || !planner.policy.sees(to)) return [];
    const args = { first, latestFirst: true } as const;
    const { fetch: rows } = listFetch(planner, to, below, args, { relation, fetch });
    const [id, observed] = [rows.column('id'), rows.column('observed_at')];
    return [{ rows, id, observed, write: planner.object(rows, below, selected.of(to.name)) }];
  });
  const own = fetch.column('id');
  return (row, writer) => {
    const found = lists.flatMap(({ rows, id, observed, write }) =>
      writer.rows(rows, row[own]!).map(each => ({ id: each[id]!, at: isoInstant(each[observed]!), row: each, write })),
    );
    const unique = [...new Map(found.map(each => [each.id, each])).values()];
    unique.sort((a, b) => compareInstants(b.at, a.at) || (a.id < b.id ? -1 : 1));
    const shown = unique.slice(0, first);
    const writers = new Map(shown.map(each => [each.row, each.write]));
    return items(
      writer,
      selected,
      shown.map(each => each.row),
      each => writers.get(each)!(each, writer),
    );
  };
}

interface Claim {
  readonly row: FetchedRow;
  readonly fact: string;
  readonly value: string;
  readonly source: Claimant;
  readonly record: FetchedRow;
}
/** A kind of record that makes claims about the noun. */
interface Claimant {
  readonly noun: StoredNoun;
  readonly fetch: NounFetch;
  readonly isWhole: (row: FetchedRow) => boolean;
  readonly note: NoteRow | null;
  readonly writers: ReadonlyMap<SelectedField, WriteRow>;
}

export function conflictsWriter(planner: Planner, fetch: NounFetch, depth: number, selected: SelectedField): WriteRow {
  return new Conflicts(planner, fetch, depth, selected).write;
}

class Conflicts {
  private readonly claims: Fetch;
  private readonly at: Readonly<Record<(typeof claimColumns)[number], number>>;
  private readonly claimants: ReadonlyMap<string, Claimant>;
  private readonly own: number;
  private readonly conflict: readonly SelectedField[];

  constructor(
    private readonly planner: Planner,
    private readonly fetch: NounFetch,
    depth: number,
    private readonly selected: SelectedField,
  ) {
    this.own = fetch.column('id');
    this.conflict = selected.of('Conflict');
    const below = fetch.below(depth);
    this.claims = planner.plainFetch(planner.level(below), fetch.ids());
    const cells = claimColumns.map(name => [name, this.claims.cell(name, () => `c.${name}::text`)] as const);
    this.at = Object.fromEntries(cells) as Conflicts['at'];
    this.claims.reads(
      'uuid',
      (
        select,
        keys,
      ) => `select ${select('c.about_id::text')} from ${fetch.noun.table}_claim c where c.about_id = any(${keys})
        order by c.fact, c.agency, c.kind, c.record_id`,
    );
    const records = this.conflict
      .flatMap(each => (each.read.kind === 'claims' ? each.of('Claim') : []))
      .filter(each => each.read.kind === 'record');
    this.claimants = new Map(
      claimantsOf(planner.catalog, fetch.noun)
        .filter(noun => planner.policy.sees(noun))
        .map(noun => [noun.name, this.claimant(noun, below + 1, records)]),
    );
  }

  private claimant(noun: StoredNoun, depth: number, records: readonly SelectedField[]): Claimant {
    const { kind, record_id } = this.at;
    const keyOf = (row: FetchedRow) => (row[kind] === noun.name ? row[record_id]! : null);
    const fetch = this.planner.byIds(noun, depth, { fetch: this.claims, keyOf }, null);
    const stated = noun.links.flatMap(({ target, states }) =>
      target === this.fetch.noun ? states.map(([, field]) => field) : [],
    );
    const writers = records.map(each => [each, this.planner.object(fetch, depth, each.of(noun.name))] as const);
    return {
      noun,
      fetch,
      isWhole: fetch.whole(),
      note: noteWriter(this.planner, fetch, stated),
      writers: new Map(writers),
    };
  }

  readonly write: WriteRow = (row, writer) => {
    const claims = writer.rows(this.claims, row[this.own]!).flatMap(each => this.seen(each, writer));
    const differing = [...Map.groupBy(claims, claim => claim.fact)].filter(
      ([, list]) => new Set(list.map(claim => comparable(claim.value))).size > 1,
    );
    return items(
      writer,
      this.selected,
      differing.map(([, [first]]) => first!.row),
      first => this.one(differing.find(([, list]) => list[0]!.row === first)![1], writer),
    );
  };

  /** A reader may see a claim if they may see its record. */
  private seen(row: FetchedRow, writer: ResponseWriter): Claim[] {
    const { kind, record_id, fact, value } = this.at;
    const source = this.claimants.get(row[kind]!);
    const record = source && writer.rows(source.fetch, row[record_id]!)[0];
    return record ? [{ row, fact: row[fact]!, value: row[value]!, source, record }] : [];
  }

  private one(claims: readonly Claim[], writer: ResponseWriter): Written {
    const ofRow = new Map(claims.map(claim => [claim.row, claim]));
    const rows = claims.map(claim => claim.row);
    const write = plainWriter(this.conflict, list => {
      const claimed = list.of('Claim');
      return writer
        .apart(() => items(writer, list, rows, row => writer.write(this.claim(ofRow.get(row)!, claimed, writer))))!
        .toString();
    });
    return writer.write(write({ fact: claims[0]!.fact }));
  }

  private claim(
    { row, fact, value, source, record }: Claim,
    selected: readonly SelectedField[],
    writer: ResponseWriter,
  ): string {
    const { noun } = this.fetch;
    const { at } = this;
    const { policy } = this.planner;
    const whole = source.isWhole(record);
    const view = policy.field(noun, fact, whole);
    const shown = view === 'whole' ? value : maskValue(view, noun.columns.get(fact)!.field.scalar, value);
    // The person is noted even if the record is not selected, because its value is shown here.
    source.note?.(record, writer);
    const showsTime = policy.statementTime(source.noun, whole) === 'whole';
    const asOf = showsTime ? row[at.as_of] : null;
    const members = {
      value: shown,
      agency: row[at.agency],
      kind: source.noun.name,
      observedAt: showsTime ? isoInstant(row[at.observed_at]!) : null,
      asOf: asOf ? isoInstant(asOf) : null,
    };
    return plainWriter(selected, each => {
      writer.path.push(each.key);
      const text = writer.apart(() => source.writers.get(each)!(record, writer));
      writer.path.pop();
      return text?.toString() ?? 'null';
    })(members);
  }
}
const claimColumns = ['fact', 'value', 'agency', 'kind', 'record_id', 'observed_at', 'as_of'] as const;

/** Kinds that state facts of a noun. */
const claimantsOf = (catalog: Catalog, noun: StoredNoun): StoredNoun[] =>
  catalog.all().filter(({ links }) => links.some(link => link.target === noun && link.states.length));

/** Removes differences of spelling that do not count: width, spaces, and the dots of names. */
const comparable = (value: string) => foldDots(value).normalize('NFKC').replaceAll(/\s/g, '').replaceAll('.', '·');
