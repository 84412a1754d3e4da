/** Pages of records: of all, or of those about each parent. Nodes, edges and page info share one fetch, the count has its own. */
import { rowsSql } from '../access/rows.ts';
import type { Relation, StoredNoun } from '../catalog/catalog.ts';
import { type Fetch, type NounFetch, type Row, unkeyed } from './fetch.ts';
import { listTermsSql, type Where } from './filters.ts';
import { groupsWriter } from './groups/plan-groups.ts';
import { type NoteRow, noteWriter } from './note-persons.ts';
import { cursorOf, cursorsOf, foreignCursor, type PageArgs, pagingSql } from './paging.ts';
import { mayNamePerson } from './personal-tests.ts';
import { plainWriter } from './plan-plain.ts';
import type { Planner, WriteRow } from './planner.ts';
import type { Run, Written } from './run.ts';
import { testedPersons } from './tested-persons.ts';
import type { Wanted } from './wanted.ts';

export interface ListArgs extends PageArgs {
  readonly where?: Where | null;
  /** Of roots; what hangs on a row is read as of the same moment as the row. */
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
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}
interface PageFetch {
  readonly fetch: NounFetch;
  readonly of: (rows: readonly Row[]) => Page;
}
interface NotedPage extends PageFetch {
  /** An order by something personal tells of its rows, whatever is selected of them. */
  readonly note: NoteRow | null;
}
type WritePart = (key: string, run: Run) => Written;

export function listWriter(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  wanted: Wanted,
  parent: Parent | null,
): WriteRow {
  planner.demand(noun);
  const list = new ListPlan(planner, noun, parent?.fetch.below(depth) ?? depth, wanted.args as ListArgs, parent);
  const parts = wanted
    .of(`${noun.name}Connection`)
    .map((part, i) => ({ head: `${i ? ',' : '{'}"${part.key}":`, write: list.part(part) }));
  const end = parts.length ? '}' : '{}';
  const id = parent?.fetch.column('id');
  const { where, asOf } = list;
  const noteTested = testedPersons(planner, noun, list.depth, where, asOf);
  return (row, run) => {
    const key = id === undefined ? unkeyed : row[id]!;
    if (list.hasForeignCursor(run)) {
      run.fail(foreignCursor(), wanted);
      return !wanted.required && run.write('null');
    }
    const tooMany = noteTested?.(run);
    if (tooMany) {
      run.fail(tooMany, wanted);
      return !wanted.required && run.write('null');
    }
    run.path.push(wanted.key);
    const written = run.attempt(
      () => parts.every(part => run.write(part.head) && part.write(key, run)) && run.write(end),
      wanted.required,
    );
    run.path.pop();
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
    /** Of its fetches. */
    readonly depth: number,
    private readonly args: ListArgs,
    private readonly parent: Parent | null,
  ) {
    // What is wrong with the arguments is wrong with the list, whichever of its parts is asked for.
    const mark = planner.level(depth).mark();
    this.pages();
    if (this.cursors) return;
    // Rows are read if they are asked for.
    planner.level(depth).restore(mark);
    this.page = null;
  }

  get where(): Where | null {
    return this.args.where ?? null;
  }
  get asOf(): string | null {
    return momentOf(this.args, this.parent);
  }

  part(wanted: Wanted): WritePart {
    const { read, key } = wanted;
    switch (read.kind) {
      case 'typename':
        return (_parent, run) => run.write(`"${this.noun.name}Connection"`);
      case 'nodes': {
        const { fetch } = this.pages();
        const write = this.planner.object(fetch, this.depth, wanted.of(this.noun.name));
        return (parent, run) => items(run, wanted, this.pageOf(parent, run).rows, row => write(row, run));
      }
      case 'edges': {
        const write = this.edge(wanted.of(`${this.noun.name}Edge`));
        return (parent, run) => items(run, wanted, this.pageOf(parent, run).rows, row => write(row, run));
      }
      case 'pageInfo': {
        const id = this.pages().fetch.column('id');
        const write = plainWriter(wanted.of('PageInfo'));
        return (parent, run) => {
          const { rows, hasNextPage, hasPreviousPage } = this.pageOf(parent, run);
          const cursor = (row: Row | undefined) => (row ? cursorOf(row[id]!) : null);
          const cursors = { startCursor: cursor(rows[0]), endCursor: cursor(rows.at(-1)) };
          return run.write(write({ hasNextPage, hasPreviousPage, ...cursors }));
        };
      }
      case 'totalCount': {
        const fetch = this.counts();
        return (parent, run) => run.write(run.rows(fetch, parent)[0]?.[2] ?? '0');
      }
      case 'groups':
        return groupsWriter(this.planner, this.noun, this.depth, wanted, {
          where: this.args.where,
          asOf: this.asOf,
          parent: this.parent,
          source: this.parent?.fetch.ids() ?? null,
        });
      default:
        throw new Error(`${wanted.label} (${key}) is no part of a page`);
    }
  }

  private edge(wanted: readonly Wanted[]): WriteRow {
    const { fetch } = this.pages();
    const id = fetch.column('id');
    const parts = wanted.map((each, i) => ({
      each,
      head: `${i ? ',' : '{'}"${each.key}":`,
      write: this.edgePart(each, fetch, id),
    }));
    const end = parts.length ? '}' : '{}';
    return (row, run) => {
      for (const { each, head, write } of parts) {
        run.write(head);
        run.path.push(each.key);
        const written = write(row, run);
        run.path.pop();
        if (!written) return false;
      }
      return run.write(end);
    };
  }

  private edgePart(wanted: Wanted, fetch: NounFetch, id: number): WriteRow {
    if (wanted.read.kind === 'typename') return (_row, run) => run.write(`"${this.noun.name}Edge"`);
    if (wanted.read.kind === 'cursor') return (row, run) => run.write(`"${cursorOf(row[id]!)}"`);
    return this.planner.object(fetch, this.depth, wanted.of(this.noun.name));
  }

  private pages() {
    this.page ??= this.planPage();
    return this.page;
  }
  private planPage(): NotedPage {
    const { planner, noun, args, parent } = this;
    const page = listFetch(planner, noun, this.depth, args, parent);
    this.demandCursors(page.fetch);
    const isOrderedByPersons = (args.orderBy ?? []).some(order => mayNamePerson(noun, order.split(' ')[0]!));
    return { ...page, note: isOrderedByPersons ? noteWriter(planner, page.fetch) : null };
  }

  private pageOf(parent: string, run: Run): Page {
    const { fetch, of, note } = this.pages();
    const page = of(run.rows(fetch, parent));
    if (note) for (const row of page.rows) note(row, run);
    return page;
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
   * The row of a cursor never goes away, so one that leads nowhere was not made for this list. Nor for this reader, if he
   * does not see the row: its place among others is none of his business.
   */
  private demandCursors({ level }: NounFetch): void {
    const ids = cursorsOf(this.args);
    if (!ids.length) return;
    const fetch = this.planner.plainFetch(level);
    const cursors = level.values.add(ids);
    fetch.cell('$count', () => 'count(*)::text');
    const { catalog, policy } = this.planner;
    const seen = (alias: string) => rowsSql(policy.rows(this.noun), alias, catalog, value => level.values.add(value));
    // Of what was removed meanwhile its history tells who could see it.
    const past = `exists (select from ${this.noun.table}_history h where h.id = t.id and ${seen('h')})`;
    const known = `case when t.deleted then ${past} else ${seen('t')} end`;
    const rest = `from ${this.noun.table} t where t.id = any(${cursors}::uuid[]) and ${known}`;
    fetch.reads(null, select => `select ${select('null')} ${rest}`);
    this.cursors = { fetch, size: new Set(ids).size };
  }
  hasForeignCursor(run: Run): boolean {
    return this.cursors !== null && Number(run.rows(this.cursors.fetch, unkeyed)[0]?.[2] ?? 0) < this.cursors.size;
  }
}

/** The rows of a page and one more, by which is known whether there are further ones. */
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
  const of = (found: readonly Row[]): Page => {
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

/** A list; where one of its objects can only be null, all of it is. */
export function items(run: Run, wanted: Wanted, rows: readonly Row[], write: (row: Row) => Written): Written {
  run.path.push(wanted.key, 0);
  const place = run.path.length - 1;
  const written = run.attempt(() => {
    run.write('[');
    for (let i = 0; i < rows.length; i++) {
      run.path[place] = i;
      if (i) run.write(',');
      if (!write(rows[i]!)) return false;
    }
    return run.write(']');
  }, wanted.required);
  run.path.length = place - 1;
  return written;
}
