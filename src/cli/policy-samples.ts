/** Readers and queries for a dry run: at least one reader for every role, about rows that exist. */
import { nobody, type Principal, type Role, roles } from '../access/principal.ts';
import type { SharingGrant } from '../access/sharing.ts';
import type { DryRunSample } from '../api/dry-run/dry-run-sample.ts';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import type { Change } from '../feed/tail.ts';
import type { ReadRows } from '../store/database.ts';

export interface SampleReader {
  /** `officer of commerce, task`. */
  readonly name: string;
  readonly principal: Principal;
}
export interface Town {
  readonly read: ReadRows;
  readonly catalog: Catalog;
  /** Agency code of the hosting town. */
  readonly host: string;
  readonly grants: readonly SharingGrant[];
}

const rowsPerNoun = 3;

/** Every role, for each agency or village that it may be bound to, with each kind of purpose and without one. */
export async function sampleReaders(town: Town): Promise<SampleReader[]> {
  const purposes = [null, ...(await samplePurposes(town))];
  const bindings = await bindingsOf(town);
  return roles.flatMap(role =>
    bindings(role).flatMap(({ of, claims }) =>
      purposes.map(purpose => ({
        name: `${role}${of}, ${purpose ? purpose.kind : 'without a purpose'}`,
        principal: { ...nobody(), role, subject: 'sample', host: town.host, ...claims, purpose },
      })),
    ),
  );
}

type Binding = { readonly of: string; readonly claims: Partial<Principal> };
async function bindingsOf({ read, catalog }: Town): Promise<(role: Role) => Binding[]> {
  const agencies = [...new Set(catalog.all().flatMap(noun => (noun.origin === 'agency' ? noun.agencies : [])))];
  const ofAgencies = agencies.map(agency => ({ of: ` of ${agency}`, claims: { agency } }));
  const villages = await read(
    'select region_code from hub_case where region_code is not null group by 1 order by count(*) desc, 1 limit 1',
    [],
  );
  const ofVillages = villages.map(([village]) => ({ of: ` of ${village}`, claims: { village: village! } }));
  return role => {
    if (role === 'officer' || role === 'integrator') return ofAgencies;
    return role === 'village-agent' ? ofVillages : [{ of: '', claims: {} }];
  };
}

async function samplePurposes({ read, grants }: Town): Promise<NonNullable<Principal['purpose']>[]> {
  const [open] = await read(
    `select case_no, matter_code from hub_case where not deleted and state <> 'CLOSED' and applicant_id is not null order by id limit 1`,
    [],
  );
  const matter = grants[0]?.matterCode ?? open?.[1];
  return [
    ...(open ? [{ kind: 'case', value: open[0]! } as const] : []),
    ...(matter ? [{ kind: 'matter', value: matter } as const] : []),
    { kind: 'task', value: 'dry-run' },
  ];
}

/** Variables with which an operation can run: the keys of some rows. Null where it needs more than one. */
export async function sampleVariables(
  town: Town,
  keys: NonNullable<DryRunSample['keys']>,
): Promise<Record<string, string>[] | null> {
  const [key, another] = keys;
  if (!key) return [{}];
  return another ? null : (await sampleKeys(town, key.noun)).map(value => ({ [key.variable]: value }));
}

/** Keys of some rows, and of those that belong to the sample case. */
async function sampleKeys({ read, catalog }: Town, noun: StoredNoun): Promise<string[]> {
  const column = noun.columns.get(noun.kind.key[0]!)!.column;
  const rows = await read(
    `select "${column}" from ${noun.table} where not deleted order by id limit ${rowsPerNoun}`,
    [],
  );
  const open = `select * from hub_case where not deleted and state <> 'CLOSED' and applicant_id is not null order by id limit 1`;
  const link = catalog.stored('Case').links.find(({ target }) => target === noun);
  const ofCase =
    noun.name === 'Case'
      ? await read(`select case_no from (${open}) c`, [])
      : link
        ? await read(`select n."${column}" from (${open}) c join ${noun.table} n on n.id = c."${link.column}"`, [])
        : [];
  return [...new Set([...rows, ...ofCase].map(([key]) => key!))];
}

/** The latest changes that the feed has numbered. */
export async function latestChanges(read: ReadRows, count: number): Promise<Change[]> {
  const rows = await read(
    `select b.first_position + c.ordinal, c.kind, c.record_id, c.agency, c.deleted, c.case_no, to_char(b.at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
     from hub_batch b join hub_change c on c.batch_id = b.id
     where b.first_position is not null order by b.first_position desc, c.ordinal desc limit $1`,
    [count],
  );
  return rows.map(([position, kind, recordId, agency, deleted, caseNo, at]) => ({
    position: Number(position),
    kind: kind!,
    recordId: recordId!,
    agency: agency!,
    deleted: deleted === 't',
    caseNo: caseNo ?? null,
    ...{ caseId: null, wasCaseId: null, replacedAt: null, reassigned: false },
    at: at!,
  }));
}
