/** schema/settings.md: every setting of the hub and of its adapters, as `config.ts` and the adapters declare them. */
import type { Adapter } from '../../adapters/kit/contract.ts';
import { describeSettings, type SettingDescription } from '../config.ts';

const head = `# Settings

Every setting is an environment variable; any of them may stand in a file that \`<VARIABLE>_FILE\` names, as secrets do. An
empty variable counts as not set. A wrong setting stops the start with one line that names it. The reasons for the sizes
stand beside the declarations in \`src/config.ts\`.
`;

const row = ({ variable, what, fallback, required }: SettingDescription): string =>
  `| \`${variable}\` | ${what.replaceAll('|', '\\|')} | ${required ? '**required**' : fallback === null || fallback === '' ? '' : `\`${fallback}\``} |`;

const table = (title: string, settings: readonly SettingDescription[]): string =>
  `\n## ${title}\n\n| Variable | What it should be | Default |\n|---|---|---|\n${settings.map(row).join('\n')}\n`;

export function settingsReference(adapters: readonly Adapter[]): string {
  const ofAgencies = adapters.map(adapter => table(`Agency \`${adapter.agency.code}\``, describeSettings(adapter)));
  return [head, table('The hub', describeSettings()), ...ofAgencies].join('');
}
