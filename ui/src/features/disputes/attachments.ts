// Attached files as they are shown.
import type { FileView } from '../../api/generated/FileView';
import type { IconName } from '../../shared/Icon.svelte';
import { t } from '../../shared/messages';
import { size } from './words';

export function icon({ media_type: type }: Pick<FileView, 'media_type'>): IconName {
  if (type.startsWith('image/')) return 'image';
  return type === 'message/rfc822' ? 'mail' : 'file';
}

/** The size of a file, and whether it is missing or, in a draft, the operator's own. */
export function note(file: Pick<FileView, 'bytes' | 'missing' | 'made'>, sent: boolean): string {
  const text = size(file.bytes);
  if (file.missing) return t('disputes-file-missing', { size: text });
  return file.made || sent ? text : t('disputes-file-own', { size: text });
}

/** The size of all files together. `made` is null while the app still makes its own files. */
export function summary(made: FileView[] | null, own: FileView[], sent: boolean): string {
  if (!made) return t('disputes-files-preparing');
  const total = [...made, ...own].reduce((sum, file) => sum + file.bytes, 0);
  return t(sent ? 'disputes-files-sent' : 'disputes-files-ready', { size: size(total) });
}
