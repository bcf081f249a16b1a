import { afterEach, expect, test, vi } from 'vitest';

import { attribute, known, named, pseudo, readable, t } from './messages';
import { plain } from './plain';

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'boothkeeperLocale');
  vi.resetModules();
});

test('variables in a message have isolation marks, so that they keep their own direction', () => {
  expect(t('shared-ahead', { span: '5 h' })).toBe('in \u20685 h\u2069');
  expect(plain(t('shared-ahead', { span: '5 h' }))).toBe('in 5 h');
});

test('numbers in a message are grouped and choose the plural form', () => {
  expect(plain(t('shared-pause-events', { events: 1 }))).toBe('1 event');
  expect(plain(t('shared-pause-events', { events: 1_234 }))).toBe('1,234 events');
});

test('an attribute is another text of the same message', () => {
  expect(t('shared-reason-offline')).toBe('offline');
  expect(attribute('shared-reason-offline', 'title')).toBe('Offline');
});

test('a code without a message is shown as readable text', () => {
  expect(named('journal-kind', 'plan_changed')).toBe('Plan changed');
  expect(named('journal-kind', 'gift_card_used')).toBe('Gift card used');
  expect(readable('draw_me')).toBe('Draw me');
  expect(readable('')).toBe('');
  expect(known('journal-kind-plan_changed')).toBe(true);
  expect(known('journal-kind-gift_card_used')).toBe(false);
});

test('asking for a message that does not exist throws', () => {
  expect(() => t('shared-no-such-text' as 'shared-close')).toThrow('shared-no-such-text');
});

test('the pseudo-locale accents the texts and leaves variables unchanged', async () => {
  Object.assign(globalThis, { boothkeeperLocale: { tag: 'en-XA', pseudo: true } });
  vi.resetModules();
  const messages = await import('./messages');
  expect(messages.t('shared-close')).toBe(pseudo('Close'));
  expect(pseudo('Close at once')).toBe('Clósé~~ át óncé');
  expect(messages.t('outbox-redeem-coupon', { coupon: 'SPRING' })).toContain('\u2068SPRING\u2069');
});
