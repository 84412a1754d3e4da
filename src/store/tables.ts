/** The tables, as MikroORM entities: nouns' tables derive from the catalog, the hub's own are declared here. */
import { EntitySchema } from '@mikro-orm/core';
import type { Scalar } from '../../adapters/kit/record.ts';
import { type Catalog, isStated, type StoredNoun } from '../catalog/catalog.ts';
import { caseRollupSpec } from './case-rollup.ts';

export const sqlTypes: Readonly<Record<Scalar, string>> = {
  text: 'text',
  integer: 'integer',
  decimal: 'numeric',
  date: 'date',
  instant: 'timestamptz',
  flag: 'boolean',
  code: 'text',
  geometry: 'jsonb',
};

interface ColumnSpec {
  readonly name: string;
  readonly type: string;
  readonly nullable?: boolean;
  /** SQL; for columns that are added to a table with rows. */
  readonly default?: string;
  readonly comment?: string;
}

/** The columns that every stored record has beside its own fields. */
const envelope = (noun: StoredNoun): ColumnSpec[] => [
  { name: 'id', type: 'uuid' },
  ...(isStated(noun)
    ? [
        { name: 'agency', type: 'text' },
        { name: 'source_id', type: 'text' },
        { name: 'version', type: 'text' },
        { name: 'as_of', type: 'timestamptz', nullable: true, comment: 'true at the source' },
        { name: 'spellings', type: 'jsonb', nullable: true, comment: 'identifiers as the source wrote them' },
      ]
    : []),
  { name: 'deleted', type: 'boolean', comment: 'flagged as deleted by its source; nothing is erased' },
  { name: 'digest', type: 'text', comment: 'of the content' },
  { name: 'observed_at', type: 'timestamptz', comment: 'since when the hub knows it so' },
];

/** All columns of a noun's table, in order. Fields may be null in the database; the validator is stricter. */
export function columnsOf(noun: StoredNoun): ColumnSpec[] {
  const fields = [...noun.columns.values()].map(({ column, field }) => ({
    name: column,
    type: sqlTypes[field.scalar],
    nullable: true,
    comment: field.unit ? `${field.title.zh} (${field.unit})` : field.title.zh,
  }));
  const links = noun.links.map(link => ({
    name: link.column,
    type: 'uuid',
    nullable: true,
    comment: link.target.name,
  }));
  return [...envelope(noun), ...fields, ...links];
}

const property = (spec: ColumnSpec, primary = false) => ({
  type: 'string',
  fieldName: spec.name,
  columnType: spec.type,
  nullable: spec.nullable ?? false,
  primary,
  comment: spec.comment,
  ...(spec.default && { defaultRaw: spec.default }),
});

interface TableSpec {
  readonly table: string;
  readonly comment: string;
  readonly columns: readonly ColumnSpec[];
  readonly primary: readonly string[];
  readonly indexes?: readonly { readonly name: string; readonly unique?: boolean; readonly expression: string }[];
}

function entity({ table, comment, columns, primary, indexes = [] }: TableSpec): EntitySchema {
  const properties = Object.fromEntries(columns.map(c => [c.name, property(c, primary.includes(c.name))]));
  return new EntitySchema({
    name: table,
    tableName: table,
    comment,
    properties: properties as never,
    indexes: indexes.map(({ name, unique, expression }) => ({
      name,
      expression: `create ${unique ? 'unique ' : ''}index "${name}" on ${expression}`,
    })),
  });
}

/** Index names have at most 63 bytes in PostgreSQL. */
const indexName = (...parts: string[]) => parts.join('_').slice(0, 63);

/**
 * Lists that a screen keeps open, by noun: the rows with one value of the first field, newest first by the second.
 * Without an index, each query of the board would sort all rows that an agency ever had.
 */
const boards: Readonly<Record<string, readonly [of: string, newest: string]>> = {
  Case: ['leadAgencyCode', 'submittedAt'],
};

function boardIndexes({ name, table, columns }: StoredNoun) {
  const board = boards[name];
  if (!board) return [];
  const [of, newest] = board.map(field => columns.get(field)!.column);
  // Exactly the order that paging asks for.
  return [{ name: indexName(table, 'board'), expression: `"${table}" ("${of}", "${newest}" desc nulls last, "id")` }];
}

function nounTables(noun: StoredNoun): TableSpec[] {
  const { table, kind } = noun;
  const columns = columnsOf(noun);
  const on = (column: string, suffix = '') => ({
    name: indexName(table, column, 'index'),
    expression: `"${table}" ("${column}"${suffix})`,
  });
  const trigram = [...noun.columns.values()]
    .filter(({ field }) => field.searched)
    .map(({ column }) => ({
      name: indexName(table, column, 'trigram'),
      expression: `"${table}" using gin ("${column}" gin_trgm_ops)`,
    }));
  // Exactly the orders that paging asks for.
  const ordered = [...noun.columns.values()]
    .filter(({ field }) => field.ordered)
    .map(({ column, field }) => ({
      name: indexName(table, column, 'order'),
      expression: `"${table}" ("${column}"${field.ordered === 'desc' ? ' desc nulls last' : ''}, "id")`,
    }));
  const keyed = kind.key.map(field => noun.columns.get(field)!.column);
  return [
    {
      table,
      comment: kind.title.zh,
      columns,
      primary: ['id'],
      indexes: [
        { name: indexName(table, 'key'), expression: `"${table}" (${keyed.map(c => `"${c}"`).join(', ')})` },
        ...noun.links.map(link => on(link.column)),
        on('observed_at'),
        ...boardIndexes(noun),
        ...ordered,
        ...trigram,
      ],
    },
    {
      table: `${table}_history`,
      comment: `${kind.title.zh}: what was known before`,
      columns: [...columns, { name: 'seen_until', type: 'timestamptz' }],
      primary: ['id', 'observed_at'],
    },
  ];
}

const hubTables: readonly TableSpec[] = [
  caseRollupSpec,
  {
    table: 'hub_setting',
    comment: 'facts of this installation, never its identity key',
    columns: [
      { name: 'name', type: 'text' },
      { name: 'value', type: 'text' },
    ],
    primary: ['name'],
  },
  {
    table: 'hub_migration',
    comment: 'every migration that was applied; rows without a number are from before migrations had numbers',
    columns: [
      { name: 'digest', type: 'text', comment: 'of the file: its name and its text' },
      { name: 'applied_at', type: 'timestamptz' },
      { name: 'statements', type: 'text', comment: 'what was run' },
      { name: 'number', type: 'integer', nullable: true },
      { name: 'name', type: 'text', nullable: true, comment: 'of the file in schema/migrations' },
      { name: 'additive', type: 'boolean', nullable: true, comment: 'older processes may go on over it' },
      { name: 'steps_done', type: 'integer', nullable: true, comment: 'where it goes on after an interruption' },
      { name: 'finished', type: 'boolean', nullable: true },
    ],
    primary: ['digest'],
  },
  {
    table: 'hub_batch',
    comment: 'one transaction that changed something; positions are given after commit',
    columns: [
      { name: 'id', type: 'bigint generated by default as identity' },
      { name: 'agency', type: 'text' },
      { name: 'size', type: 'integer', comment: 'changes in it' },
      { name: 'at', type: 'timestamptz' },
      { name: 'first_position', type: 'bigint', nullable: true, comment: 'null until sequenced' },
    ],
    primary: ['id'],
    indexes: [
      { name: 'hub_batch_position', unique: true, expression: '"hub_batch" ("first_position")' },
      { name: 'hub_batch_waiting', expression: '"hub_batch" ("id") where "first_position" is null' },
    ],
  },
  {
    table: 'hub_change',
    comment: 'what changed; its position is the first of its batch plus its ordinal',
    columns: [
      { name: 'batch_id', type: 'bigint' },
      { name: 'ordinal', type: 'integer' },
      { name: 'kind', type: 'text' },
      { name: 'record_id', type: 'uuid' },
      { name: 'agency', type: 'text' },
      { name: 'deleted', type: 'boolean' },
      { name: 'case_no', type: 'text', nullable: true },
      { name: 'case_id', type: 'uuid', nullable: true, comment: 'the case that it belongs to' },
      { name: 'was_case_id', type: 'uuid', nullable: true, comment: 'the case that it belonged to before' },
      {
        name: 'replaced_at',
        type: 'timestamptz',
        nullable: true,
        comment: 'observed_at of the version that it replaced, in the history',
      },
      {
        name: 'reassigned',
        type: 'boolean',
        default: 'false',
        comment: 'it went from one leading agency to another',
      },
    ],
    primary: ['batch_id', 'ordinal'],
  },
  {
    table: 'hub_cursor',
    comment: 'where the reading of an agency goes on',
    columns: [
      { name: 'agency', type: 'text' },
      { name: 'cursor', type: 'text' },
      { name: 'updated_at', type: 'timestamptz' },
    ],
    primary: ['agency'],
  },
  {
    table: 'hub_seen',
    comment: 'records that a whole set has held so far',
    columns: [
      { name: 'agency', type: 'text' },
      { name: 'set_name', type: 'text' },
      { name: 'kind', type: 'text' },
      { name: 'record_id', type: 'uuid' },
    ],
    primary: ['agency', 'set_name', 'kind', 'record_id'],
  },
  {
    table: 'hub_held_removal',
    comment: 'mass removals that wait for a person to confirm them',
    columns: [
      { name: 'agency', type: 'text' },
      { name: 'set_name', type: 'text' },
      { name: 'kind', type: 'text' },
      { name: 'version', type: 'text' },
      { name: 'absent', type: 'integer', comment: 'records that would go' },
      { name: 'present', type: 'integer', comment: 'records of the kind before' },
      { name: 'held_at', type: 'timestamptz' },
    ],
    primary: ['agency', 'set_name', 'kind'],
  },
  {
    table: 'hub_parked',
    comment: 'items that could not be stored, as they came',
    columns: [
      { name: 'id', type: 'bigint generated by default as identity' },
      { name: 'agency', type: 'text' },
      { name: 'raw_digest', type: 'text' },
      { name: 'raw', type: 'bytea' },
      { name: 'native', type: 'jsonb', nullable: true, comment: 'as the adapter read it, to replay' },
      { name: 'kind', type: 'text', nullable: true },
      { name: 'source_id', type: 'text', nullable: true },
      { name: 'version', type: 'text', nullable: true, comment: 'of the statement that failed' },
      { name: 'field', type: 'text' },
      { name: 'reason', type: 'text' },
      { name: 'adapter_version', type: 'text' },
      { name: 'state', type: 'text', comment: 'OPEN, REPLAYED or SUPERSEDED' },
      { name: 'parked_at', type: 'timestamptz' },
      { name: 'settled_at', type: 'timestamptz', nullable: true },
    ],
    primary: ['id'],
    indexes: [
      { name: 'hub_parked_item', unique: true, expression: '"hub_parked" ("agency", "raw_digest")' },
      { name: 'hub_parked_open', expression: `"hub_parked" ("agency", "id") where "state" = 'OPEN'` },
    ],
  },
  {
    table: 'hub_health',
    comment: 'how the reading of an agency goes',
    columns: [
      { name: 'agency', type: 'text' },
      { name: 'last_success_at', type: 'timestamptz', nullable: true },
      { name: 'caught_up_at', type: 'timestamptz', nullable: true, comment: 'when nothing more waited at the source' },
      { name: 'failing_since', type: 'timestamptz', nullable: true },
      { name: 'failures', type: 'integer', comment: 'in a row' },
      { name: 'error', type: 'text', nullable: true },
      { name: 'records_read', type: 'bigint' },
    ],
    primary: ['agency'],
  },
  {
    table: 'hub_ended_session',
    comment: 'sessions, and what somebody had been given until then, that an administrator has ended',
    columns: [
      { name: 'about', type: 'text', comment: 'session or subject' },
      { name: 'name', type: 'text', comment: 'sid or sub of the tokens' },
      { name: 'ended_at', type: 'timestamptz' },
      { name: 'ended_by', type: 'text', comment: 'sub of the administrator' },
      { name: 'until', type: 'timestamptz', comment: 'no token that it concerns can be valid from then on' },
    ],
    primary: ['about', 'name'],
    indexes: [{ name: 'hub_ended_session_until', expression: '"hub_ended_session" ("until")' }],
  },
  {
    table: 'hub_unmask_grant',
    comment: 'records that somebody sees whole for a while; why stands in the audit log',
    columns: [
      { name: 'id', type: 'uuid' },
      { name: 'role', type: 'text' },
      { name: 'subject', type: 'text', comment: 'sub of their tokens' },
      { name: 'session', type: 'text', nullable: true, comment: 'sid of their tokens' },
      { name: 'noun', type: 'text' },
      { name: 'record_id', type: 'uuid' },
      { name: 'granted_at', type: 'timestamptz' },
      { name: 'until', type: 'timestamptz' },
    ],
    primary: ['id'],
  },
  {
    table: 'hub_reader_day',
    comment: 'how much each reader has seen of persons on a day; kept for two days',
    columns: [
      { name: 'day', type: 'date', comment: 'of the town' },
      { name: 'reader', type: 'text', comment: 'role and sub of their tokens' },
      { name: 'persons', type: 'integer', comment: 'shown whole' },
      { name: 'misses', type: 'integer', comment: 'look-ups that found nobody' },
      { name: 'unmasked', type: 'integer', comment: 'records unmasked on demand' },
    ],
    primary: ['day', 'reader'],
  },
  {
    table: 'hub_reader_person',
    comment: 'whom each reader has been shown whole on a day; kept for two days',
    columns: [
      { name: 'day', type: 'date', comment: 'of the town' },
      { name: 'reader', type: 'text', comment: 'role and sub of their tokens' },
      { name: 'person', type: 'uuid' },
    ],
    primary: ['day', 'reader', 'person'],
  },
  {
    table: 'hub_sealing_order',
    comment: 'orders by which the reads of one reader are left out of the report to the person concerned',
    columns: [
      { name: 'number', type: 'text', comment: 'of the written order' },
      { name: 'subject', type: 'text', comment: 'sub of the reader' },
      { name: 'until', type: 'date', comment: 'last day' },
      { name: 'ordered_by', type: 'text', comment: 'sub of the administrator who wrote it down' },
      { name: 'ordered_at', type: 'timestamptz' },
    ],
    primary: ['number', 'subject'],
  },
];

const tablesOf = (catalog: Catalog): TableSpec[] => [...hubTables, ...catalog.all().flatMap(nounTables)];

export const entitiesOf = (catalog: Catalog): EntitySchema[] => tablesOf(catalog).map(entity);

/** Every column that the hub reads or writes, as `table.column`. */
export const columnNames = (catalog: Catalog): string[] =>
  tablesOf(catalog).flatMap(({ table, columns }) => columns.map(({ name }) => `${table}.${name}`));

export interface View {
  readonly name: string;
  readonly definition: string;
}

/**
 * For each derived noun a view of all that is claimed of it: which agency states what, in which record. Conflicts are
 * read from it, and the noun's own fields are chosen from it.
 */
export function claimViews(catalog: Catalog): View[] {
  const branches = new Map<string, string[]>();
  for (const noun of catalog.all()) {
    for (const link of noun.links) {
      if (link.target.origin !== 'derived' || !link.target.table) continue;
      for (const [fact, field] of link.states) {
        const column = noun.columns.get(field)!.column;
        const list = branches.get(link.target.table) ?? [];
        branches.set(link.target.table, list);
        list.push(
          `select "${link.column}" as about_id, '${fact}' as fact, "${column}"::text as value, agency, '${noun.name}' as kind,` +
            ` id as record_id, version, as_of, observed_at from "${noun.table}"` +
            ` where not deleted and "${link.column}" is not null and "${column}" is not null`,
        );
      }
    }
  }
  return [...branches].map(([table, selects]) => ({
    name: `${table}_claim`,
    definition: selects.join('\n  union all\n  '),
  }));
}

export const viewSql = ({ name, definition }: View): string => `create or replace view "${name}" as\n  ${definition}`;
