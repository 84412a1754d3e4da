import { expect, test } from '@jest/globals';
import { AddressList } from '../../../src/domain/address-list.ts';

test('addresses and networks hold what belongs to them', () => {
  const list = AddressList.parse('10.0.0.7, 10.1.0.0/24,2001:db8::/32,::1')!;
  for (const address of ['10.0.0.7', '10.1.0.0', '10.1.0.255', '2001:db8:1::5', '::1', '0:0:0:0:0:0:0:1'])
    expect([address, list.has(address)]).toEqual([address, true]);
  for (const address of ['10.0.0.8', '10.1.1.0', '2001:db9::', '::2', 'unknown', '', '10.0.0', '10.1.0.0/24'])
    expect([address, list.has(address)]).toEqual([address, false]);
});

test('an empty list holds nothing', () => {
  expect(AddressList.parse('')!.has('127.0.0.1')).toBe(false);
});

test.each([
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/7',
  '2000::/15',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  'proxy',
  '10.0.0',
  '*',
  '10.0.0.7;10.0.0.8',
])('%s is no list: it would silently match nothing, or everybody', text => {
  expect(AddressList.parse(text)).toBeNull();
});
