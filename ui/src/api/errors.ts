// Failed commands: what happened and what to do next are in the messages crate, one entry for each code.
import { attribute, known, t } from '../shared/messages';
import type { Code } from './generated/Code';

/** Codes shown as an error; all others are shown as a warning. */
const SEVERE: ReadonlySet<Code> = new Set<Code>([
  'diverged',
  'outbox_damaged',
  'damaged',
  'disk_full',
  'read_only',
  'newer_files',
  'file_system',
  'internal',
]);

export interface Words {
  /** What happened. */
  sentence: string;
  /** What to do next. */
  next: string;
  severity: 'warn' | 'neg';
}

export const words = (code: Code): Words => ({
  sentence: t(`errors-${code}`),
  next: attribute(`errors-${code}`, 'next-window'),
  severity: SEVERE.has(code) ? 'neg' : 'warn',
});

/** A failed command: its code, the cloud's problem code if the cloud refused, and the causes for “Details”. */
export class PageError extends Error {
  constructor(
    readonly code: Code,
    readonly problem: string | null,
    readonly causes: string[],
  ) {
    super(t(`errors-${code}`));
  }

  /** The error that the core answered. Anything else that was thrown is a mistake in the page itself: `internal`. */
  static from(error: unknown): PageError {
    if (error instanceof PageError) return error;
    if (typeof error === 'object' && error !== null && 'code' in error) {
      const { code, problem, causes } = error as {
        code: Code;
        problem?: string | null;
        causes?: string[];
      };
      if (known(`errors-${code}`)) return new PageError(code, problem ?? null, causes ?? []);
    }
    return new PageError('internal', null, [String(error)]);
  }

  get words(): Words {
    return words(this.code);
  }
}
