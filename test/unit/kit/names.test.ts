/** The middle dot of a name has one spelling, whatever character an agency uses for it. */
import { expect, test } from '@jest/globals';
import { foldDots } from '../../../adapters/kit/names.ts';

const dots = [...'·•‧∙⋅・･．᛫⸱⸳ㆍ·․', '.'];

test.each(dots.map(dot => [dot.codePointAt(0)!.toString(16), dot]))('U+%s is one', (_code, dot) => {
  expect(foldDots(`阿卜杜拉${dot}买买提${dot}艾力`)).toBe('阿卜杜拉·买买提·艾力');
  expect(foldDots(`阿卜杜拉 ${dot}　买买提`)).toBe('阿卜杜拉·买买提');
});

test.each(['张三', '', 'J. SMITH', 'JOHN F. KENNEDY', '欧阳 锋', '张三.', '3.5', '𠮷野家', '阿卜杜拉·买买提'])(
  'other names stay as they are: %s',
  name => {
    expect(foldDots(name)).toBe(name);
    expect(foldDots(foldDots(name))).toBe(foldDots(name));
  },
);
