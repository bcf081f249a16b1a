import { expect, test } from 'vitest';

import type { Finding } from '../../api/generated/Finding';
import { beginOf, disputeOf } from './begin';

const finding = (more: Partial<Finding>): Finding => ({
  code: 'run_failed_not_refunded',
  severity: 'warn',
  entries: [3, 4],
  ...more,
});

test('a dispute of an entry begins with its finding that asks for a dispute', () => {
  const findings = [
    finding({ code: 'premium_spike', entries: [9] }),
    finding({ action: 'dispute' }),
  ];
  expect(beginOf({ findings }, 4)).toEqual({
    finding: { code: 'run_failed_not_refunded', entries: [3, 4] },
  });
});

test('a dispute begins with the entry alone if no finding asks for a dispute', () => {
  expect(beginOf({ findings: [] }, 4)).toEqual({ entries: [4] });
  expect(beginOf({ findings: [finding({ action: 'wait' })] }, 4)).toEqual({ entries: [4] });
});

test('the sent dispute of an entry is found in any of its findings', () => {
  expect(disputeOf({ findings: [finding({}), finding({ dispute: 'dsp_1' })] })).toBe('dsp_1');
  expect(disputeOf({ findings: [finding({ draft: 'dsp_2' })] })).toBeUndefined();
});
