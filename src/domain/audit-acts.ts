/** Every act that the audit log knows: one closed list. Who may read entries of which act is a rule of access. */

export interface ActMeaning {
  readonly en: string;
  readonly zh: string;
  /** Whether its entries are about persons, so that they appear in the reports to them. */
  readonly ofPersons?: true;
}

export const auditActs = {
  read: { en: 'personal data was shown, or somebody was looked for', zh: '查询个人信息', ofPersons: true },
  write: { en: 'an agency stated something about persons', zh: '部门写入', ofPersons: true },
  unmask: { en: 'a reader asked to see a record whole for a while', zh: '揭敏', ofPersons: true },
  export: { en: 'a file was ordered; what it shows is read as it is fetched', zh: '导出申请' },
  refuse: { en: 'a read was refused: by which field, and why', zh: '拒绝访问' },
  quota: { en: 'an answer was withheld, because its reader has seen as many persons as the role may', zh: '达到限额' },
  token: { en: 'a token was refused', zh: '拒绝令牌' },
  delivery: { en: 'a delivery of an agency was refused: its signature, certificate, form or size', zh: '拒绝推送' },
  explain: { en: 'somebody asked what a reader sees of a record', zh: '权限说明' },
  'end-session': { en: 'a session was ended, or everything that a subject had been given', zh: '终止会话' },
  seal: { en: 'a sealing order was written down', zh: '登记隐匿查询批准' },
  release: { en: 'a sealed entry was released', zh: '解除封存' },
  rules: { en: 'the hub started under rules other than before', zh: '规则变更' },
  command: { en: 'an operator changed something, or compared what readers see, at a terminal', zh: '运维命令' },
  consult: { en: 'somebody read the log', zh: '查阅日志' },
  open: { en: 'the log was opened: how its roots are made from here on', zh: '打开日志' },
  prune: { en: 'entries older than the retention were removed', zh: '清理日志' },
  repair: { en: 'a line that a crash had cut off was closed', zh: '修复日志' },
} as const satisfies Readonly<Record<string, ActMeaning>>;

export type AuditAct = keyof typeof auditActs;
export const auditActNames = Object.keys(auditActs) as AuditAct[];
/** Whether an entry of this act appears in a person's report. */
export const isOfPersons = (act: AuditAct): boolean => 'ofPersons' in auditActs[act];
