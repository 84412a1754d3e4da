/** 民族: GB/T 3304-1991, the 56 nations in the order of their numbers, and the two numbers beside them. */
import { codeTable } from '../kit/index.ts';

const names = {
  HAN: '汉',
  MONGOL: '蒙古',
  HUI: '回',
  TIBETAN: '藏',
  UYGHUR: '维吾尔',
  MIAO: '苗',
  YI: '彝',
  ZHUANG: '壮',
  BOUYEI: '布依',
  KOREAN: '朝鲜',
  MANCHU: '满',
  DONG: '侗',
  YAO: '瑶',
  BAI: '白',
  TUJIA: '土家',
  HANI: '哈尼',
  KAZAK: '哈萨克',
  DAI: '傣',
  LI: '黎',
  LISU: '傈僳',
  VA: '佤',
  SHE: '畲',
  GAOSHAN: '高山',
  LAHU: '拉祜',
  SHUI: '水',
  DONGXIANG: '东乡',
  NAXI: '纳西',
  JINGPO: '景颇',
  KIRGIZ: '柯尔克孜',
  TU: '土',
  DAUR: '达斡尔',
  MULAO: '仫佬',
  QIANG: '羌',
  BLANG: '布朗',
  SALAR: '撒拉',
  MAONAN: '毛南',
  GELAO: '仡佬',
  XIBE: '锡伯',
  ACHANG: '阿昌',
  PUMI: '普米',
  TAJIK: '塔吉克',
  NU: '怒',
  UZBEK: '乌孜别克',
  RUSSIAN: '俄罗斯',
  EWENKI: '鄂温克',
  DEANG: '德昂',
  BONAN: '保安',
  YUGUR: '裕固',
  GIN: '京',
  TATAR: '塔塔尔',
  DERUNG: '独龙',
  OROQEN: '鄂伦春',
  HEZHEN: '赫哲',
  MONBA: '门巴',
  LHOBA: '珞巴',
  JINO: '基诺',
} as const;
type Nation = keyof typeof names | 'OTHER' | 'FOREIGN_ORIGIN';

const value = (en: string, zh: string, number: string, ...words: string[]) => ({
  en,
  zh,
  codes: { number: [number, String(Number(number))], word: words },
});
const wording = (name: string): string => name[0] + name.slice(1).toLowerCase();

/** The same column holds the number in some rows and the word in others: editions `number` and `word`. */
export const nation = codeTable<Nation>(
  'Nation',
  { en: 'Nation', zh: '民族' },
  {
    ...(Object.fromEntries(
      Object.entries(names).map(([name, zh], at) => [
        name,
        value(wording(name), zh, String(at + 1).padStart(2, '0'), zh, `${zh}族`),
      ]),
    ) as Record<keyof typeof names, ReturnType<typeof value>>),
    OTHER: value('Other', '其他', '97', '其他'),
    FOREIGN_ORIGIN: value('Of foreign origin', '外国血统', '98', '外国血统', '外国血统中国籍人士'),
  },
);
