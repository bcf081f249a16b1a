import { expect, test } from 'vitest';

import type { Finding } from '../../api/generated/Finding';
import type { NextStep } from '../../api/generated/NextStep';
import { stepOf } from './steps';

const finding = (action?: NextStep): Finding => ({
  code: 'run_failed_not_refunded',
  severity: 'warn',
  entries: [3, 4],
  ...(action && { action }),
});

test('the step to dispute begins a dispute with the finding and its rows', () => {
  expect(stepOf(finding('dispute'), false)).toEqual({
    do: 'complain',
    begin: { finding: { code: 'run_failed_not_refunded', entries: [3, 4] } },
  });
});

test('the step to look at rows shows the finding’s rows', () => {
  expect(stepOf(finding('look_at_rows'), true)).toEqual({ do: 'show', entries: [3, 4] });
});

test('next steps that concern the plan, fees or credits are offered unless the account is imported', () => {
  for (const action of ['change_payment_order', 'pay_now', 'pause', 'buy_credits'] as const) {
    expect(stepOf(finding(action), false)).toEqual({ do: 'act', action });
    expect(stepOf(finding(action), true)).toBeNull();
  }
});

test('next steps that this app cannot do are not offered', () => {
  for (const action of ['replace_card', 'compare_statement', 'wait', undefined] as const)
    expect(stepOf(finding(action), false)).toBeNull();
});
