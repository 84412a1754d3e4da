/**
 * Invented staff and systems of the town's identity provider (统一身份认证): at least one person for each role of the hub.
 */

/** The claims of a token about its subject, by the hub's names of claims. */
export interface TokenClaims {
  readonly role: string;
  /** Code of the agency that employs the officer, or whose adapter the integrator looks after. */
  readonly agency?: string;
  /** Code of the organisation that the officer works for. */
  readonly host?: string;
  /** 12 digits. */
  readonly village?: string;
}
export interface StaffAccount {
  /** The subject (sub) of tokens. */
  readonly subject: string;
  /** Shown on the sign-in page only, never in a token. */
  readonly name: string;
  readonly claims: TokenClaims;
}
export interface SystemAccount {
  /** The client's id, and the subject (sub) of its tokens. */
  readonly clientId: string;
  readonly claims: TokenClaims;
}

export const outpostAgencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'] as const;

const person = (subject: string, name: string, claims: TokenClaims): StaffAccount => ({ subject, name, claims });

export const staff: readonly StaffAccount[] = [
  person('clerk-1', '窗口一 · 林晓禾', { role: 'clerk' }),
  person('clerk-2', '窗口二 · 罗月', { role: 'clerk' }),
  person('police-officer-1', '派出所 · 贺云川', { role: 'officer', agency: 'police', host: 'town' }),
  person('land-officer-1', '国土所 · 石见微', { role: 'officer', agency: 'land', host: 'town' }),
  person('commerce-officer-1', '工商所 · 江一鸣', { role: 'officer', agency: 'commerce', host: 'town' }),
  person('human-resources-officer-1', '人社所 · 白露', { role: 'officer', agency: 'human-resources', host: 'town' }),
  person('food-drug-officer-1', '食药所 · 秦朗', { role: 'officer', agency: 'food-drug', host: 'town' }),
  person('village-agent-1', '代办员 · 田野', { role: 'village-agent', village: '371482101001' }),
  person('village-agent-2', '代办员 · 麦秋', { role: 'village-agent', village: '371482101002' }),
  person('director-1', '大厅主任 · 方正', { role: 'director' }),
  person('analyst-1', '数据分析 · 沈知数', { role: 'analyst' }),
  person('integrator-1', '系统对接 · 于连', { role: 'integrator', agency: 'commerce' }),
  person('auditor-1', '审计 · 严明', { role: 'auditor' }),
  person('system-admin-1', '系统管理员 · 纪维', { role: 'system-admin' }),
  person('security-admin-1', '安全管理员 · 安澜', { role: 'security-admin' }),
  person('audit-admin-1', '审计管理员 · 史鉴', { role: 'audit-admin' }),
];

/**
 * An integrator for each outpost's agency, and the screen in the hall, which shows what the director of the hall sees.
 */
export const systems: readonly SystemAccount[] = [
  ...outpostAgencies.map(agency => ({ clientId: `${agency}-integrator`, claims: { role: 'integrator', agency } })),
  { clientId: 'hall-screen', claims: { role: 'director' } },
];
