/**
 * Pages of records: of all, or of those about each parent. Nodes, edges and page info share one fetch, the count has
 * its own.
 */
import { rowsSql } from '../access/rows.ts';
import type { Relation, StoredNoun } from '../catalog/catalog.ts';
import { type Fetch, type FetchedRow, type NounFetch, unkeyed } from './fetch.ts';
import { listTermsSql, type Where } from './filters.ts';
import { groupsWriter } from './groups/plan-groups.ts';
import { type NoteRow, noteWriter } from './note-persons.ts';
import { cursorOf, cursorsOf, foreignCursor, type PageArgs, pagingSql } from './paging.ts';
import { isPersonal, mayNamePerson } from './personal-tests.ts';
import { plainWriter } from './plan-plain.ts';
import type { Planner, WriteRow } from './planner.ts';
import type { ResponseWriter, Written } from './response-writer.ts';
import type { SelectedField } from './selected-field.ts';
import { type ListTests, testedPersons } from './tested-persons.ts';

export interface ListArgs extends PageArgs {
  readonly where?: Where | null;
  /** Only for root lists; linked rows are read as of the same moment as their row. */
  readonly asOf?: string | null;
}
const momentOf = (args: ListArgs, parent: Parent | null): string | null =>
  parent ? parent.fetch.asOf : (args.asOf ?? null);
/** Whose records are listed. */
export interface Parent {
  readonly relation: Relation;
  readonly fetch: NounFetch;
}
interface Page {
  readonly rows: readonly FetchedRow[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}
interface PageFetch {
  readonly fetch: NounFetch;
  readonly of: (rows: readonly FetchedRow[]) => Page;
}
interface NotedPage extends PageFetch {
  /** Notes rows that are ordered by something personal, because the order reveals it whatever is selected of them. */
  readonly note: NoteRow | null;
}
type WritePart = (key: string, writer: ResponseWriter) => Written;

export function listWriter(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  selected: SelectedField,
  parent: Parent | null,
): WriteRow {
  planner.demand(noun);
  const list = new ListPlan(planner, noun, parent?.fetch.below(depth) ?? depth, selected.args as ListArgs, parent);
  const parts = selected
    .of(`${noun.name}Connection`)
    .map((part, i) => ({ head: `${i ? ',' : '{'}"${part.key}":`, write: list.part(part) }));
  const end = parts.length ? '}' : '{}';
  const id = parent?.fetch.column('id');
  const { where, asOf } = list;
  // Groups refuse such tests, and a list with only groups shows nothing else.
  const tells = selected
    .of(`${noun.name}Connection`)
    .some(({ read }) => read.kind !== 'groups' && read.kind !== 'typename');
  const noteTested = tells ? testedPersons(planner, noun, list.depth, { where, asOf, places: list.places }) : null;
  return (row, writer) => {
    const key = id === undefined ? unkeyed : row[id]!;
    if (list.hasForeignCursor(writer)) {
      writer.fail(foreignCursor(), selected);
      return !selected.required && writer.write('null');
    }
    const tooMany = noteTested?.(writer);
    if (tooMany) {
      writer.fail(tooMany, selected);
      return !selected.required && writer.write('null');
    }
    writer.path.push(selected.key);
    const written = writer.attempt(
      () => parts.every(part => writer.write(part.head) && part.write(key, writer)) && writer.write(end),
      selected.required,
    );
    writer.path.pop();
    return written;
  };
}

class ListPlan {
  private page: NotedPage | null = null;
  private count: Fetch | null = null;
  private cursors: { readonly fetch: Fetch; readonly size: number } | null = null;

  constructor(
    private readonly planner: Planner,
    private readonly noun: StoredNoun,
    /** The depth of its fetches. */
    readonly depth: number,
    private readonly args: ListArgs,
    private readonly parent: Parent | null,
  ) {
    // Invalid arguments fail the whole list, whichever of its parts is selected.
    const mark = planner.level(depth).mark();
    this.pages();
    if (this.cursors) return;
    // Undo this plan: rows are read only if they are selected.
    planner.level(depth).restore(mark);
    this.page = null;
  }

  get where(): Where | null {
    return this.args.where ?? null;
  }
  get asOf(): string | null {
    return momentOf(this.args, this.parent);
  }

  part(selected: SelectedField): WritePart {
    const { read, key } = selected;
    switch (read.kind) {
      case 'typename':
        return (_parent, writer) => writer.write(`"${this.noun.name}Connection"`);
      case 'nodes': {
        const { fetch } = this.pages();
        const write = this.planner.object(fetch, this.depth, selected.of(this.noun.name));
        return (parent, writer) => items(writer, selected, this.pageOf(parent, writer).rows, row => write(row, writer));
      }
      case 'edges': {
        const write = this.edge(selected.of(`${this.noun.name}Edge`));
        return (parent, writer) => items(writer, selected, this.pageOf(parent, writer).rows, row => write(row, writer));
      }
      case 'pageInfo': {
        const id = this.pages().fetch.column('id');
        const write = plainWriter(selected.of('PageInfo'));
        return (parent, writer) => {
          const { rows, hasNextPage, hasPreviousPage } = this.pageOf(parent, writer);
          const cursor = (row: FetchedRow | undefined) => (row ? cursorOf(row[id]!) : null);
          const cursors = { startCursor: cursor(rows[0]), endCursor: cursor(rows.at(-1)) };
          return writer.write(write({ hasNextPage, hasPreviousPage, ...cursors }));
        };
      }
      case 'totalCount': {
        const fetch = this.counts();
        return (parent, writer) => writer.write(writer.rows(fetch, parent)[0]?.[2] ?? '0');
      }
      case 'groups':
        return groupsWriter(this.planner, this.noun, this.depth, selected, {
          where: this.args.where,
          asOf: this.asOf,
          parent: this.parent,
          source: this.parent?.fetch.ids() ?? null,
        });
      default:
        throw new Error(`${selected.label} (${key}) is no part of a page`);
    }
  }

  private edge(selected: readonly SelectedField[]): WriteRow {
    const { fetch } = this.pages();
    const id = fetch.column('id');
    const parts = selected.map((each, i) => ({
      each,
      head: `${i ? ',' : '{'}"${each.key}":`,
      write: this.edgePart(each, fetch, id),
    }));
    const end = parts.length ? '}' : '{}';
    return (row, writer) => {
      for (const { each, head, write } of parts) {
        writer.write(head);
        writer.path.push(each.key);
        const written = write(row, writer);
        writer.path.pop();
        if (!written) return false;
      }
      return writer.write(end);
    };
  }

  private edgePart(selected: SelectedField, fetch: NounFetch, id: number): WriteRow {
    if (selected.read.kind === 'typename') return (_row, writer) => writer.write(`"${this.noun.name}Edge"`);
    if (selected.read.kind === 'cursor') return (row, writer) => writer.write(`"${cursorOf(row[id]!)}"`);
    return this.planner.object(fetch, this.depth, selected.of(this.noun.name));
  }

  private pages() {
    this.page ??= this.planPage();
    return this.page;
  }
  private planPage(): NotedPage {
    const { planner, noun, args, parent } = this;
    const page = listFetch(planner, noun, this.depth, args, parent);
    this.demandCursors(page.fetch);
    return { ...page, note: this.orderTells ? noteWriter(planner, page.fetch, this.orderedBy) : null };
  }

  private pageOf(parent: string, writer: ResponseWriter): Page {
    const { fetch, of, note } = this.pages();
    const rows = writer.rows(fetch, parent);
    // This includes the row after the page, because the answer shows that there is one.
    if (note) for (const row of rows) note(row, writer);
    return of(rows);
  }

  private get orderedBy(): string[] {
    return (this.args.orderBy ?? []).map(order => order.split(' ')[0]!);
  }
  /** Whether the list's order reveals something of persons. */
  private get orderTells(): boolean {
    return this.orderedBy.some(field => mayNamePerson(this.noun, field));
  }
  /**
   * With such an order a query can ask about a place in it without getting a row that would be noted: there may be
   * nobody before or after a cursor. These places are tested separately.
   */
  get places(): ListTests['places'] {
    const { after, before, first, last } = this.args;
    const isPersonalOrder = this.orderedBy.some(field => isPersonal(this.noun, field));
    if (!isPersonalOrder || !(after || before || first === 0 || last === 0)) return null;
    const { parent } = this;
    return { below: parent && { link: parent.relation.link.column, source: parent.fetch.ids() } };
  }

  private counts(): Fetch {
    if (this.count) return this.count;
    const { planner, noun, args, parent } = this;
    const fetch = planner.fetch(noun, this.depth, parent?.fetch.ids() ?? null, momentOf(args, parent));
    fetch.cell('$count', () => 'count(*)::text');
    const where = listTermsSql(fetch.scope, noun, args.where, null);
    const from = fetch.from();
    const link = parent && `t."${parent.relation.link.column}"`;
    this.count = link
      ? fetch.reads(
          'uuid',
          (select, keys) =>
            `select ${select(`${link}::text`)} from ${from} where ${link} = any(${keys}) and ${where} group by ${link}`,
        )
      : fetch.reads(null, select => `select ${select('null')} from ${from} where ${where}`);
    return this.count;
  }

  /**
   * The row of a cursor is never deleted for good, so a cursor that leads nowhere was not made for this list. If the
   * reader does not see the row, the cursor was not made for them, and they may not learn its place among others.
   */
  private demandCursors({ level }: NounFetch): void {
    const ids = cursorsOf(this.args);
    if (!ids.length) return;
    const fetch = this.planner.plainFetch(level);
    const cursors = level.values.add(ids);
    fetch.cell('$count', () => 'count(*)::text');
    const { catalog, policy } = this.planner;
    const seen = (alias: string) => rowsSql(policy.rows(this.noun), alias, catalog, value => level.values.add(value));
    // For a row that was removed meanwhile, its history shows who could see it.
    const past = `exists (select from ${this.noun.table}_history h where h.id = t.id and ${seen('h')})`;
    const known = `case when t.deleted then ${past} else ${seen('t')} end`;
    const rest = `from ${this.noun.table} t where t.id = any(${cursors}::uuid[]) and ${known}`;
    fetch.reads(null, select => `select ${select('null')} ${rest}`);
    this.cursors = { fetch, size: new Set(ids).size };
  }
  hasForeignCursor(writer: ResponseWriter): boolean {
    return this.cursors !== null && Number(writer.rows(this.cursors.fetch, unkeyed)[0]?.[2] ?? 0) < this.cursors.size;
  }
}

/** Fetches the rows of a page and one more, which shows whether there are more. */
export function listFetch(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  args: ListArgs,
  parent: Parent | null,
): PageFetch {
  const fetch = planner.fetch(noun, depth, parent?.fetch.ids() ?? null, momentOf(args, parent));
  const from = fetch.from();
  const where = listTermsSql(fetch.scope, noun, args.where, parent?.relation ?? null);
  const paging = pagingSql(fetch.scope, noun, args);
  const rest = `from ${from} where ${where} and ${paging.condition} order by ${paging.orderBy} limit ${paging.size + 1}`;
  if (parent) {
    fetch.reads(
      'uuid',
      (select, keys) =>
        `select x.* from unnest(${keys}) p(id) cross join lateral (select ${select('p.id::text')} ${rest}) x`,
    );
  } else fetch.reads(null, select => `select ${select('null')} ${rest}`);
  const of = (found: readonly FetchedRow[]): Page => {
    const more = found.length > paging.size;
    const shown = more ? found.slice(0, paging.size) : found;
    return {
      rows: paging.backward ? shown.toReversed() : shown,
      hasNextPage: paging.backward ? Boolean(args.before) : more,
      hasPreviousPage: paging.backward ? more : Boolean(args.after),
    };
  };
  return { fetch, of };
}

/** Writes a list; if one of its objects is null where that is not allowed, the whole list is null. */
export function items(
  writer: ResponseWriter,
  selected: SelectedField,
  rows: readonly FetchedRow[],
  write: (row: FetchedRow) => Written,
): Written {
  writer.path.push(selected.key, 0);
  const place = writer.path.length - 1;
  const written = writer.attempt(() => {
    writer.write('[');
    for (let i = 0; i < rows.length; i++) {
      writer.path[place] = i;
      if (i) writer.write(',');
      if (!write(rows[i]!)) return false;
    }
    return writer.write(']');
  }, selected.required);
  writer.path.length = place - 1;
  return written;
}
