/** The register of tasks: purposes other than a case or a matter for which a reader may see persons. */
import { agency, date, defineRecord, text } from '../../../adapters/kit/record.ts';

export const Task = defineRecord('Task', {
  title: { en: 'Task for which personal data may be read, of the register of tasks', zh: '工作任务（查询用途）' },
  key: ['code'],
  open: true,
  about: { agency: agency('agencyCode', { inverse: 'tasks' }) },
  fields: {
    code: text({ en: 'Code, as a purpose states it: task:<code>', zh: '任务编码' }),
    title: text({ zh: '任务名称' }),
    titleEn: text({ en: 'English title', zh: '英文名称', optional: true }),
    roles: text({ en: 'Roles that may state it, separated by |', zh: '适用角色' }),
    agencyCode: text({ en: 'Only for officers of this agency; of any without it', zh: '所属部门', optional: true }),
    validFrom: date({ zh: '生效日期', optional: true }),
    validTo: date({ en: 'Last day', zh: '截止日期', optional: true }),
  },
});
