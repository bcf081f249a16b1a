import { afterEach, describe, expect, test } from 'vitest';

import { plain } from './plain';
import * as time from './time';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NEW_YORK = 'America/New_York';

/** The time zone's abbreviations as the desktop passes them for a laptop in New York. */
const zones = [
  { from: Date.parse('2025-11-02T06:00:00Z'), name: 'EST' },
  { from: Date.parse('2026-03-08T07:00:00Z'), name: 'EDT' },
  { from: Date.parse('2026-11-01T06:00:00Z'), name: 'EST' },
];

function setLocale(locale: { tag: string; zones?: typeof zones }): void {
  Object.assign(globalThis, { boothkeeperLocale: { pseudo: false, ...locale } });
}

afterEach(() => Reflect.deleteProperty(globalThis, 'boothkeeperLocale'));

const deadline = (at: string, zone: string, now?: string) => plain(time.deadline(at, zone, now));

describe('times', () => {
  const at = '2026-03-31T00:00:00.000Z';

  test('times are shown in the given time zone, not in UTC', () => {
    expect(time.weekdayDate(at, NEW_YORK)).toBe('Mon 30 Mar');
    expect(time.clock(at, NEW_YORK)).toBe('20:00');
    expect(time.clockSeconds('2026-03-31T04:00:05Z', NEW_YORK)).toBe('00:00:05');
    expect(time.dayOf(at, NEW_YORK)).toBe('2026-03-30');
    expect(time.leaf('2026-02-28T00:00:00Z', NEW_YORK)).toEqual(['Fri', '27']);
  });

  test('times are written as the locale writes them', () => {
    setLocale({ tag: 'en-US' });
    expect(time.weekdayDate(at, NEW_YORK)).toBe('Mon Mar 30');
    expect(time.clock(at, NEW_YORK)).toMatch(/^08:00\sPM$/);
    expect(time.monthYear(at, 'UTC')).toBe('03/26');
    setLocale({ tag: 'de-DE' });
    expect(time.clock(at, NEW_YORK)).toBe('20:00');
    setLocale({ tag: 'ko-KR' });
    expect(time.monthYear(at, 'UTC')).toMatch(/^26/);
    expect(time.leaf(at, 'UTC')).toEqual(['화', '31']);
  });

  test('a day is the same in every locale, whatever its calendar and digits', () => {
    for (const tag of ['en-GB', 'en-US', 'ja-JP', 'th-TH', 'fa-IR', 'ar-EG']) {
      setLocale({ tag });
      expect(time.dayOf('2026-02-01T04:59:00Z', NEW_YORK), tag).toBe('2026-01-31');
    }
  });

  test('a time that is not of today is shown with its date', () => {
    const now = '2026-03-31T03:59:00Z';
    expect(time.dayClock(at, NEW_YORK, now)).toBe('20:00');
    expect(plain(time.dayClock(at, NEW_YORK, '2026-03-31T04:00:00Z'))).toBe('Mon 30 Mar 20:00');
  });
});

describe('the zone', () => {
  test('a time zone has the abbreviation that the desktop passes for the instant', () => {
    setLocale({ tag: 'en-GB', zones });
    expect(time.zoneName('2026-03-08T06:59:59.999Z', NEW_YORK)).toBe('EST');
    expect(time.zoneName('2026-03-08T07:00:00Z', NEW_YORK)).toBe('EDT');
    expect(time.zoneName('2027-06-01T00:00:00Z', NEW_YORK)).toBe('EST');
  });

  test('a time zone is named by the locale where the desktop passes no abbreviation', () => {
    setLocale({ tag: 'en-US', zones });
    expect(time.zoneName('2025-07-01T00:00:00Z', NEW_YORK)).toBe('EDT');
    setLocale({ tag: 'en-GB' });
    expect(time.zoneName('2026-07-01T00:00:00Z', NEW_YORK)).toBe('GMT-4');
    expect(time.zoneName('2026-07-01T00:00:00Z', 'UTC')).toBe('UTC');
  });
});

test('a deadline names its zone on both sides of a change of clocks', () => {
  setLocale({ tag: 'en-GB', zones });
  expect(deadline('2026-03-31T00:00:00Z', NEW_YORK)).toBe('Mon 30 Mar 20:00 EDT');
  expect(deadline('2026-02-28T00:00:00Z', NEW_YORK)).toBe('Fri 27 Feb 19:00 EST');
});

test('a deadline has its year only if it is far away', () => {
  const now = '2026-11-22T00:00:00Z';
  expect(deadline('2027-02-01T00:00:00Z', 'UTC', now)).toBe('Mon 1 Feb 00:00 UTC');
  expect(deadline('2029-12-01T00:00:00Z', 'UTC', now)).toBe('Sat 1 Dec 2029 00:00 UTC');
});

test('calendar days are formatted without a time zone', () => {
  expect(time.dayName('2026-02-21')).toBe('Sat 21 Feb');
  expect(time.dayShort('2026-02-21')).toBe('21 Feb');
  expect(time.dayYear('2026-02-21')).toBe('21 Feb 2026');
  expect(time.firstOf(7, '2026-03-03')).toBe('2026-02-25');
  expect(time.firstOf(1, '2026-03-03')).toBe('2026-03-03');
});

test.each([
  [-5, '0 s'],
  [12_400, '12 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [2 * HOUR, '2 h'],
  [130 * 60_000, '2 h 10 min'],
  [48 * HOUR - 1, '47 h 59 min'],
  [48 * HOUR, '2 days'],
])('%i ms ago are an age of %s', (millis, text) => {
  expect(plain(time.age(millis))).toBe(text);
});

test.each([
  [-1, '0 min'],
  [HOUR + 59_999, '1 h'],
  [HOUR + 60_000, '1 h 1 min'],
  [24 * HOUR, '1 d'],
  [52 * HOUR, '2 d 4 h'],
  [14 * DAY - 1, '13 d 23 h'],
  [14 * DAY, '14 days'],
])('%i ms are %s left', (millis, text) => {
  expect(plain(time.left(millis))).toBe(text);
});

test.each([
  [5 * HOUR, 'in 5 h'],
  [47 * HOUR, 'in 1 d 23 h'],
  [48 * HOUR, 'in 2 days'],
  [6 * DAY + HOUR, 'in 6 days'],
])('%i ms ahead are %s', (millis, text) => {
  expect(plain(time.ahead(millis))).toBe(text);
});
