import { afterEach, expect, test } from 'vitest';

import { money, parseMoney } from './money';

const usd = { code: 'USD', scale: 2 };
const credits = { code: 'CREDIT', scale: 0 };

test('an amount of money has a true minus sign, two decimals and grouping', () => {
  expect(money(-25, usd)).toBe('\u2212$0.25');
  expect(money(1234567, usd)).toBe('$12,345.67');
  expect(money(40, usd, true)).toBe('+$0.40');
  expect(money(0, usd, true)).toBe('$0.00');
  expect(money(540, credits)).toBe('540');
  expect(money(Number.MAX_SAFE_INTEGER, usd)).toBe('$90,071,992,547,409.91');
});

const globals = globalThis as { boothkeeperLocale?: { tag: string; pseudo: boolean } };

afterEach(() => {
  delete globals.boothkeeperLocale;
});

test('amounts are grouped and separated as the locale does', () => {
  globals.boothkeeperLocale = { tag: 'en-ZA', pseudo: false };
  expect(money(1234567, usd)).toBe('$12\u00a0345,67');
  globals.boothkeeperLocale = { tag: 'en-IN', pseudo: false };
  expect(money(123456789, usd)).toBe('$12,34,567.89');
});

test('an amount that an operator types is read exactly, or not at all', () => {
  expect(parseMoney('50', usd)).toBe(5000);
  expect(parseMoney('$1,250.5', usd)).toBe(125050);
  expect(parseMoney('0.1', usd)).toBe(10);
  expect(parseMoney('50,00', usd)).toBe(5000);
  expect(parseMoney('50,5', usd)).toBe(5050);
  expect(parseMoney('1,250', usd)).toBe(125000);
  for (const wrong of ['', '-5', '1.234', '1e3', 'ten', '٣', '1,2,3', '12,3456', '1.250,00'])
    expect(parseMoney(wrong, usd)).toBeNull();
  expect(parseMoney('1.5', credits)).toBeNull();
});
