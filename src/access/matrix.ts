/**
 * Every field of every noun, for every role, with and without purpose: generated into schema/access.md and read in
 * review.
 */
import type { Field } from '../../adapters/kit/record.ts';
import type { Catalog, Noun } from '../catalog/catalog.ts';
import { auditActNames, auditActs, isOfPersons } from '../domain/audit-acts.ts';
import { personLimits } from './limits.ts';
import { type Policy, policyOf, policyVersion } from './policy.ts';
import { nobody, type Principal, type Role, roles } from './principal.ts';
import { rowsInWords } from './rows.ts';
import { type AnyFeature, hasFeature, isOfOneAgency, rules } from './rules.ts';

/** The class of a field that no record declares: what a reader who reaches it may see. */
export type FieldClass = keyof typeof classWords | { readonly only: AnyFeature };
const classWords = {
  open: 'about nobody: everybody sees it',
  'of the row': 'says no more of a row than that it is there; its reader sees that',
  'of the rule': 'says how its reader sees the row, and of the row that its code names a person',
  'masked as the key': 'in part wherever the key of the row is',
  'masked as the time':
    'in part wherever the row is masked and the time at which it was told reveals something of a person',
  'masked as its field': 'as the field looks from which it comes',
  'counts what can be listed': 'computed of the rows that the reader can list, and of no other',
  'computed of what is not personal':
    'computed of the rows that the reader can list, by fields that are not personal and that they see; by others refused, whoever asks',
  'leads on': 'shows nothing itself; what it leads to stands where that stands',
} as const;
export interface ClassifiedField {
  readonly place: string;
  readonly class: FieldClass;
}
/** The fields and arguments of the graph that no record declares. */
export interface Handwritten {
  readonly fields: readonly ClassifiedField[];
  readonly arguments: readonly (readonly [place: string, may: string])[];
}

/** A sample reader of each role; their organisations stand for "own". */
const sample = (role: Role, purpose: Principal['purpose']): Principal => ({
  ...nobody(),
  role,
  purpose,
  subject: 'sample',
  agency: 'commerce',
  host: 'town',
  village: '371482101201',
});
const purposes = {
  without: null,
  case: { kind: 'case', value: 'sample' },
  matter: { kind: 'matter', value: 'sample' },
  task: { kind: 'task', value: 'sample' },
} as const;

export function accessMatrix(catalog: Catalog, handwritten: Handwritten): string {
  const idOf = (noun: string, key: string) => `${noun} ${key}`;
  const policies = new Map(
    roles.map(role => {
      const each = Object.entries(purposes).map(([name, purpose]) => {
        return [name, policyOf(sample(role, purpose), { catalog, idOf, town: 'town', grants: [] })] as const;
      });
      return [role, new Map<string, Policy>(each)];
    }),
  );
  const sections = [...catalog.nouns.values()].map(noun => nounSection(noun, policies));
  return [header(), ...sections, logSection(), fieldSection(handwritten), argumentSection(handwritten)].join('\n');
}

const header = () => `# Who sees what

Generated from \`src/access/rules.ts\` by \`npm run schema\`; version of the policy: \`${policyVersion()}\`. Read its difference in review.
A purpose is one that holds; settings may put other numbers a day in the place of these.

A cell says how a field of a visible row looks: **whole**, or the name of its mask. \`x / y / z\` is without a purpose, with a
case, and with a matter or a task; *case* means that the rows of the case named in the purpose are whole, the others as without.
A sole trader counts as a person: where a cell is not whole for a personal field of the same row, their credit code is shown as an identity number is.
A mask shows something only of a value that has its form, of anything else stars: \`identity\` the first 6 and last 4 characters,
\`region\` the first 6, \`name\` the surname and of three characters the last, \`phone\` the first 3 and last 4 digits (of a landline
the area and the last 3), \`address\` down to the town or village, \`account\` the last 4, \`hidden\` nothing.
What *reveals* personal facts is masked with them; what is *hidden beside* a mask is not shown to roles that see that mask.
What leads on to other rows is marked → (–: refused). "Own" is the reader's agency or village.
Roles without a column see no row.

| Role | Rows | Persons whole for | Persons whole a day | Finds persons | Unmasks one record | Why |
|---|---|---|---|---|---|---|
${roles.map(roleLine).join('\n')}
`;
function roleLine(role: Role): string {
  const { rows, unmaskMinutes, finds, why } = rules[role];
  const { persons, misses, unmasked } = personLimits[role];
  const found = finds ? `for a purpose, ${misses} misses a day` : 'never';
  const unmasks = unmaskMinutes ? `for ${unmaskMinutes} minutes, ${unmasked} a day` : 'never';
  return `| ${role} | ${rows.join(', ')} | ${shownFor(role)} | ${persons || '–'} | ${found} | ${unmasks} | ${why} |`;
}
const shownFor = (role: Role) =>
  Object.entries(rules[role].personal)
    .filter(([, shown]) => shown !== 'none')
    .map(([purpose, shown]) => `${purpose} (${shown})`)
    .join(', ') || 'nothing';

function nounSection(noun: Noun, policies: ReadonlyMap<Role, ReadonlyMap<string, Policy>>): string {
  const readers = roles.filter(role => policies.get(role)!.get('without')!.sees(noun));
  const title = `## ${noun.name} · ${noun.kind.title.zh}\n`;
  if (!readers.length) return `${title}\nSeen by nobody.\n`;
  const { timeReveals } = noun.kind;
  const time = timeReveals.length ? [`- the time of the statement reveals ${timeReveals.join(', ')}`] : [];
  const rows = readers.map(role => `- ${role}: ${rowsInWords(policies.get(role)!.get('without')!.rows(noun))}`);
  const line = (name: string, about: string, cellOf: (role: Role) => string) =>
    `| ${name} | ${about} | ${readers.map(cellOf).join(' | ')} |`;
  const lines = [
    ...[...noun.columns].map(([name, { field }]) =>
      line(name, classOf(field), role => cell(policies.get(role)!, noun, name)),
    ),
    ...[...noun.relations.values()].map(({ name, to, live }) =>
      line(name, `→ ${to.name}${live ? ', live' : ''}`, role => leads(policies.get(role)!, to, live)),
    ),
  ];
  const head = `| Field | Class | ${readers.join(' | ')} |\n|---|---|${readers.map(() => '---|').join('')}`;
  return `${title}\n${[...rows, ...time].join('\n')}\n\n${head}\n${lines.join('\n')}\n`;
}

function classOf({ sensitivity, reveals, hiddenBeside }: Field): string {
  if (reveals) return `${sensitivity}: reveals ${reveals.join(', ')}`;
  return hiddenBeside ? `${sensitivity}: hidden beside ${hiddenBeside}` : sensitivity;
}

/** The same for every purpose: the role alone decides whether a row may be seen and an agency may be asked. */
function leads(policies: ReadonlyMap<string, Policy>, to: Noun, live: boolean): string {
  const policy = policies.get('task')!;
  return policy.sees(to) && (!live || policy.may('lookup')) ? '→' : '–';
}

function cell(policies: ReadonlyMap<string, Policy>, noun: Noun, name: string): string {
  const [without, ofCase, matter, task] = Object.keys(purposes).map(purpose => {
    const policy = policies.get(purpose)!;
    const whole = policy.whole(noun);
    if (whole === 'all') return policy.field(noun, name, true);
    const [masked, shown] = [policy.field(noun, name, false), policy.field(noun, name, true)];
    return whole === 'none' || masked === shown ? masked : 'case';
  });
  if (matter !== task) return [without, ofCase, matter, task].join(' / ');
  return without === ofCase && ofCase === task ? without! : [without, ofCase, task].join(' / ');
}

function fieldSection({ fields }: Handwritten): string {
  const lines = fields.map(({ place, class: of }) => {
    const word = typeof of === 'string' ? of : `for: ${of.only}`;
    return `| ${place} | ${word} | ${roles.map(role => fieldCell(role, of)).join(' | ')} |`;
  });
  const words = Object.entries(classWords).map(([name, meaning]) => `- *${name}*: ${meaning}`);
  return `## Fields that no record declares

\`*\` stands for every noun. The classes:

${words.join('\n')}
- *for*: only for roles of that feature, with and without a purpose; others are refused

| Field | Class | ${roles.join(' | ')} |
|---|---|${roles.map(() => '---|').join('')}
${lines.join('\n')}
`;
}

function fieldCell(role: Role, of: FieldClass): string {
  if (typeof of === 'string') return of.startsWith('masked') ? 'mask' : of === 'leads on' ? '→' : 'whole';
  return hasFeature(rules[role], of.only) ? 'whole' : '–';
}

/** Who reads which entries of the audit log, and where. */
function logSection(): string {
  const readers = roles.filter(role => rules[role].log.length);
  const lines = auditActNames.map(act => {
    const { en, zh } = auditActs[act];
    const cells = readers.map(role => (rules[role].log.includes(act) ? cellOfLog(role) : '–'));
    return `| ${act} | ${en} · ${zh} | ${isOfPersons(act) ? 'yes' : '–'} | ${cells.join(' | ')} |`;
  });
  return `## Audit log

Read by \`auditEntries\`, without the ids of persons; reading is itself an entry (*consult*). *own agency*: only entries about the
reader's agency. *Report*: appears in the report to the person concerned (\`dataSubjectReport\`). Sealed entries appear nowhere
until their order has ended or they are released. Whoever may open the log's directory on its machine reads all of it there
(\`npm run hub -- audit\`); what they do by command is an entry too.

| Act | Meaning | Report | ${readers.join(' | ')} |
|---|---|---|${readers.map(() => '---|').join('')}
${lines.join('\n')}
`;
}
const cellOfLog = (role: Role) => (isOfOneAgency(rules[role]) ? 'own agency' : 'whole');

const argumentSection = ({ arguments: all }: Handwritten) => `## Arguments

\`*\` stands for every field that has it.

| Argument | What it may do |
|---|---|
${all.map(([place, may]) => `| ${place} | ${may} |`).join('\n')}
`;
