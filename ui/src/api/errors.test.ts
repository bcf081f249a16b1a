import { expect, test } from 'vitest';

import { PageError, words } from './errors';

test('an error code of the core has a sentence, a next step and a severity', () => {
  const error = PageError.from({ code: 'disk_full' });
  expect(error.message).toBe('The disk is full.');
  expect(error.words).toEqual({
    sentence: 'The disk is full.',
    next: 'Free some space and try again. The last good copy stays readable.',
    severity: 'neg',
  });
  expect(words('offline').severity).toBe('warn');
});

test('anything thrown without a known error code is an internal error with it as the cause', () => {
  for (const thrown of ['text', { code: 'moon_phase' }, null, new Error('text')]) {
    const error = PageError.from(thrown);
    expect(error.code).toBe('internal');
    expect(error.causes).toEqual([String(thrown)]);
  }
});

test('PageError.from returns a page error unchanged', () => {
  const error = new PageError('refused', 'no_card', []);
  expect(PageError.from(error)).toBe(error);
});
