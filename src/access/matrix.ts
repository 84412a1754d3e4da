/** Every field of every noun, for every role, with and without purpose: generated into schema/access.md and read in review. */
import type { Catalog, Noun } from '../catalog/catalog.ts';
import { type Policy, policyOf, policyVersion } from './policy.ts';
import { nobody, type Principal, type Role, roles } from './principal.ts';
import { rowsInWords } from './rows.ts';
import { rules } from './rules.ts';

/** A sample reader of each role; his organisations stand for "own". */
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

export function accessMatrix(catalog: Catalog): string {
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
  return [header(), ...sections].join('\n');
}

const header = () => `# Who sees what

Generated from \`src/access/rules.ts\` by \`npm run schema\`; version of the policy: \`${policyVersion()}\`. Read its difference in review.

A cell says how a field of a visible row looks: **whole**, the name of its mask, or – (no row is visible). \`x / y\` is
without and with a purpose; *case* means that the rows of the case named in the purpose are whole. "Own" is the reader's
agency or village.

| Role | Rows | Persons whole for | Unmasks one record | Why |
|---|---|---|---|---|
${roles.map(roleLine).join('\n')}
`;
function roleLine(role: Role): string {
  const { rows, unmaskMinutes, why } = rules[role];
  const unmasks = unmaskMinutes ? `for ${unmaskMinutes} minutes` : 'never';
  return `| ${role} | ${rows.join(', ')} | ${shownFor(role)} | ${unmasks} | ${why} |`;
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
  const rows = readers.map(role => `- ${role}: ${rowsInWords(policies.get(role)!.get('without')!.rows(noun))}`);
  const lines = [...noun.columns].map(([name, { field }]) => {
    const cells = readers.map(role => cell(policies.get(role)!, noun, name));
    return `| ${name} | ${field.sensitivity} | ${cells.join(' | ')} |`;
  });
  const head = `| Field | Class | ${readers.join(' | ')} |\n|---|---|${readers.map(() => '---|').join('')}`;
  return `${title}\n${rows.join('\n')}\n\n${head}\n${lines.join('\n')}\n`;
}

function cell(policies: ReadonlyMap<string, Policy>, noun: Noun, name: string): string {
  const views = Object.entries(purposes).map(([purpose]) => {
    const policy = policies.get(purpose)!;
    const whole = policy.whole(noun);
    if (whole === 'all') return policy.field(noun, name, true);
    const [masked, shown] = [policy.field(noun, name, false), policy.field(noun, name, true)];
    return whole === 'none' || masked === shown ? masked : 'case';
  });
  return [...new Set(views)].join(' / ');
}
