/** Invented names of people, businesses and streets. */
import type { Random } from './model.ts';
import { makeRandom } from './random.ts';

/** The most frequent first. */
const SURNAMES = [
  ...'王李张刘陈杨赵孙徐马高朱郭宋于董郑崔孟周吕林丁任贾石邢邱付窦魏许韩冯潘袁谢姜范田曹侯邵段尹秦毕苏卢齐訾苗鲍阎綦逄',
  '欧阳',
  '司马',
  '上官',
  '诸葛',
  '东方',
  '夏侯',
];
const MALE = [...'建国军强伟勇涛斌磊鹏辉杰浩宇轩明志刚海平兵峰超亮波飞永福德来庆祥春生瑞晨泽霖'];
const FEMALE = [...'秀英兰芳玉梅红丽娟敏静霞燕玲桂荣雪莹婷慧雅琳欣怡梦琪淑珍凤翠萍倩月佳悦'];
const UYGHUR = { given: ['阿卜杜拉', '买买提', '吐尔逊', '艾力', '古丽娜尔', '阿依夏', '热依汗', '帕提古丽'] };
const FATHERS = ['艾山', '克里木', '肉孜', '卡德尔', '司马义', '依明', '热合曼', '尼亚孜'];

/** Small indexes come more often. */
const skewed = <T>(random: Random, list: readonly T[]): T =>
  list[Math.min(random.below(list.length), random.below(list.length))]!;

export const makeSurname = (random: Random): string => skewed(random, SURNAMES);

export function makePersonName(random: Random, sex: 'MALE' | 'FEMALE', surname = makeSurname(random)): string {
  const characters = sex === 'MALE' ? MALE : FEMALE;
  return surname + random.pick(characters) + (random.chance(0.75) ? random.pick(characters) : '');
}

/** Given name and father's name with the middle dot: `艾力·克里木`. */
export const makeUyghurName = (random: Random): string => `${random.pick(UYGHUR.given)}·${random.pick(FATHERS)}`;

const AUSPICIOUS = [...'鑫盛隆昌顺达宏兴源丰泰和瑞祥福润佳禾康宁嘉诚恒信旺发永吉'];

/** Two or three auspicious characters: 鑫源. */
export const makeTradeName = (random: Random): string =>
  random.pick(AUSPICIOUS) + random.pick(AUSPICIOUS) + (random.chance(0.3) ? random.pick(AUSPICIOUS) : '');

const staffRandom = makeRandom(1, 'staff of the hall');
/** The officials who handle cases. */
export const HANDLERS: readonly string[] = Array.from({ length: 40 }, (_, at) =>
  makePersonName(staffRandom, at % 2 ? 'MALE' : 'FEMALE'),
);
