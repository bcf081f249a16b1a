import { expect, test } from 'vitest';

import { EVENING, minutes, timeValue, withEnd, withQuiet } from './hours';

test('a typed time of day is shown in the form in which it was typed', () => {
  for (const value of ['00:00', '00:05', '08:00', '22:00', '23:59'])
    expect(timeValue(minutes(value) ?? -1)).toBe(value);
  expect(minutes('08:00')).toBe(480);
  expect(minutes('08:00:30')).toBe(480);
});

test('text that is no time of day gives no minutes', () => {
  for (const value of ['', '8', '08:', ':30', '24:00', '12:60', 'ab:cd', '-1:00', '08:00x'])
    expect(minutes(value)).toBeNull();
});

test('quiet hours are switched on and off without changing other preferences', () => {
  const on = withQuiet({ stay: true }, EVENING);
  expect(on).toEqual({ stay: true, quiet: { from: 1_320, to: 480 } });
  expect(withQuiet(on, null)).toEqual({ stay: true });
  expect('quiet' in withQuiet(on, null)).toBe(false);
});

test('changing one end of the quiet hours keeps the other end', () => {
  const on = { stay: false, quiet: EVENING };
  expect(withEnd(on, 'to', '07:30')).toEqual({ stay: false, quiet: { from: 1_320, to: 450 } });
  expect(withEnd(on, 'from', '00:00')?.quiet).toEqual({ from: 0, to: 480 });
  expect(withEnd(on, 'from', '')).toBeNull();
  expect(withEnd({ stay: false }, 'from', '07:30')).toBeNull();
});
