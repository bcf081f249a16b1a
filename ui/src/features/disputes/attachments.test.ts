import { expect, test } from 'vitest';

import type { FileView } from '../../api/generated/FileView';
import { plain } from '../../shared/plain';
import { icon, note, summary } from './attachments';

const file = (change: Partial<FileView>): FileView => ({
  name: 'receipt.pdf',
  bytes: 12_000,
  sha256: '00',
  media_type: 'application/pdf',
  made: false,
  missing: false,
  ...change,
});

test('a file of a draft is marked as missing, or else as the operator’s own', () => {
  expect(plain(note(file({}), false))).toBe('12 KB, yours');
  expect(plain(note(file({ made: true }), false))).toBe('12 KB');
  expect(plain(note(file({ missing: true }), false))).toBe('12 KB, missing');
});

test('files of a sent ticket are not marked as the operator’s own', () => {
  expect(plain(note(file({}), true))).toBe('12 KB');
  expect(plain(note(file({ missing: true }), true))).toBe('12 KB, missing');
});

test('the total size of a draft’s files is shown once the app has made its own files', () => {
  const own = [file({ bytes: 500_000 })];
  expect(plain(summary(null, own, false))).toBe('being made…');
  expect(plain(summary([file({ bytes: 600_000, made: true })], own, false))).toBe(
    'ready to send, 1.1 MB together',
  );
  expect(plain(summary(own, [], true))).toBe('500 KB together');
  expect(plain(summary([], [], false))).toBe('ready to send, 0 B together');
});

test('a picture, an e-mail and any other file have different icons', () => {
  expect(icon({ media_type: 'image/png' })).toBe('image');
  expect(icon({ media_type: 'message/rfc822' })).toBe('mail');
  expect(icon({ media_type: 'application/pdf' })).toBe('file');
});
