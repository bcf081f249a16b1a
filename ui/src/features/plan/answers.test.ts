import { expect, test } from 'vitest';

import { Answers } from './answers';

test('an answer that arrives after the answer to a later read is not shown', () => {
  const answers = new Answers();
  const [first, second] = [answers.ask(), answers.ask()];
  expect(answers.take(second)).toBe(true);
  expect(answers.take(first)).toBe(false);
  expect(answers.take(answers.ask())).toBe(true);
});

test('answers that arrive in the order of their reads are all shown', () => {
  const answers = new Answers();
  expect(answers.take(answers.ask())).toBe(true);
  expect(answers.take(answers.ask())).toBe(true);
});

test('the failure of a read is shown unless a later read was answered', () => {
  const answers = new Answers();
  const [first, second] = [answers.ask(), answers.ask()];
  expect(answers.fail(first)).toBe(true);
  answers.take(second);
  expect(answers.fail(first)).toBe(false);
  expect(answers.fail(answers.ask())).toBe(true);
});
