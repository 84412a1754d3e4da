/** The tables of the exchange database (前置库), by the names that the standards and the land registry give them. */

const text = (...names: string[]) => Object.fromEntries(names.map(name => [name, 'varchar(2000)']));
const moments = (...names: string[]) => Object.fromEntries(names.map(name => [name, 'timestamp(0)']));

export const columnsOf = {
  zdjbxx: {
    ...text('zddm', 'bdcdyh', 'xzqdm', 'zdtzm', 'zl', 'mjdw', 'yt', 'ytmc', 'dj', 'qllx', 'qlxz', 'qlsdfs'),
    ...text('zdszd', 'zdszn', 'zdszx', 'zdszb', 'tfh', 'djh', 'dah', 'zt', 'bgjzxx', 'bgtsxx', 'shape'),
    zdmj: 'numeric(18, 4)',
    rjl: 'numeric(6, 2)',
  },
  bdcdj: text('bdcqzh', 'bdcdyh', 'qlr', 'qlrzjh', 'gyfs', 'qllx', 'djlx', 'djsj', 'qszt', 'dyaq', 'cfdj'),
  zjdsp: {
    ...text('spbh', 'sqr', 'sqrzjh', 'xzqdm', 'mjdw', 'zl', 'jflx', 'sqrq', 'pzsbh'),
    ...text('cyj', 'cyjrq', 'zyj', 'zyjrq', 'xyj', 'xyjrq'),
    jtrk: 'int',
    pzmj: 'numeric(18, 4)',
  },
  ydzb: {
    ...text('zbbh', 'zblx', 'zbjb', 'xzqdm', 'lyxm'),
    nd: 'int',
    zbmj: 'numeric(12, 2)',
    yymj: 'numeric(12, 2)',
    jymj: 'numeric(12, 2)',
  },
  up_pro_accept: {
    ...text('project_no', 'catalog_code', 'task_code', 'task_handle_item', 'task_version', 'task_name'),
    ...text('project_name', 'project_type', 'apply_type', 'applyer_name', 'applyer_type', 'applyer_page_type'),
    ...text('applyer_page_code', 'contact_name', 'contact_type', 'contact_code', 'legal', 'address', 'zip_code'),
    ...text('org_name', 'handle_user_name', 'accept_doc_no'),
    ...moments('apply_date', 'accept_date', 'promise_date'),
    contact_mobile: 'varchar(11)',
    org_code: 'varchar(64)',
  },
  up_pro_process: {
    ...text('project_no', 'process_name', 'event_name', 'handle_user_name', 'handle_explain'),
    event_start_time: 'timestamp(0) not null',
    event_end_time: 'timestamp(0) not null',
  },
  up_pro_special_procedure: {
    ...text('project_no', 'special_type', 'special_name', 'special_reason', 'applyer_user_name', 'result'),
    ...text('special_explain', 'handle_user'),
    special_time: 'timestamp(0) not null',
    end_time: 'timestamp(0) not null',
  },
  up_pro_result: {
    ...text('project_no', 'result_type', 'result_explain', 'result_cetr_name', 'result_cetr_no'),
    ...text('is_delivery_results', 'satisfaction'),
    result_date: 'timestamp(0)',
  },
} as const satisfies Record<string, Record<string, string>>;
export type TableName = keyof typeof columnsOf;

/** What the exchange software writes beside every row. */
const tail = {
  row_guid: 'varchar(50) not null',
  cd_batch: 'varchar(50)',
  cd_operation: 'varchar(2) not null',
  cd_time: 'timestamp(0) not null',
  data_source: 'varchar(20)',
};

export const writtenColumns = (table: TableName): string[] => [...Object.keys(columnsOf[table]), ...Object.keys(tail)];

/** The two last columns fill themselves; the exchange software does not know of them. */
const tableSql = (table: TableName): string => {
  const columns = Object.entries({ ...columnsOf[table], ...tail }).map(([name, type]) => `${name} ${type}`);
  return `
    create table ${table} (${columns.join(', ')},
      jhxh bigint generated always as identity,
      jhsw xid8 not null default pg_current_xact_id());`;
};

const tables = Object.keys(columnsOf) as TableName[];
export const schemaSql = (): string => tables.map(tableSql).join('');
/** Indexes are made after the first load, which is faster without them. */
export const indexSql = (): string => tables.map(table => `create index on ${table} (jhsw, jhxh);`).join('');
