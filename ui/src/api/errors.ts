// One table from code to words: what happened, and what to do next. Exhaustive by its type.
import type { Code } from './generated/Code';

export interface Words {
  sentence: string;
  next: string;
  severity: 'warn' | 'neg';
}

export const WORDS: Record<Code, Words> = {
  signed_out: {
    sentence: 'You are not signed in, or the access key was revoked.',
    next: 'Sign in with a key from your account settings.',
    severity: 'warn',
  },
  key_malformed: {
    sentence: 'That is not an access key.',
    next: 'A key begins with bk_. Copy it again from your account settings.',
    severity: 'warn',
  },
  key_missing: {
    sentence: 'No access key was given.',
    next: 'Paste a key from your account settings.',
    severity: 'warn',
  },
  wrong_account: {
    sentence: 'This access key opens another account.',
    next: 'Use this account’s key, or sign out and sign in with the other one.',
    severity: 'warn',
  },
  outbox_damaged: {
    sentence: 'The file of waiting actions is damaged or gone; the copy of your history is not.',
    next: 'Close this window, run “boothkeeper outbox start-over”, then sign in again. The old file is kept.',
    severity: 'neg',
  },
  outbox_sound: {
    sentence: 'The outbox is not damaged. Nothing was changed.',
    next: 'See what waits in Outbox.',
    severity: 'warn',
  },
  actions_waiting: {
    sentence: 'Actions or disputes are here that were not sent yet; they would be lost.',
    next: 'Connect to send them, or take them back in Outbox and Disputes.',
    severity: 'warn',
  },
  address_malformed: {
    sentence: 'That is not a cloud’s address.',
    next: 'Use an address that begins with https://.',
    severity: 'warn',
  },
  offline: {
    sentence: 'The cloud cannot be reached.',
    next: 'Check the network and try again. The last proven balance stays here.',
    severity: 'warn',
  },
  portal: {
    sentence: 'Something else answered in the cloud’s place, most likely a Wi-Fi sign-in page.',
    next: 'Open a browser, sign in to the Wi-Fi, then try again.',
    severity: 'warn',
  },
  server: {
    sentence: 'The cloud has a problem of its own.',
    next: 'Try again in a few minutes. Nothing was lost.',
    severity: 'warn',
  },
  refused: {
    sentence: 'The cloud refused.',
    next: 'Nothing was changed. The reason is below.',
    severity: 'warn',
  },
  update_needed: {
    sentence: 'The cloud speaks a newer version than this app.',
    next: 'Update Boothkeeper.',
    severity: 'warn',
  },
  diverged: {
    sentence: 'The copy on this computer and the cloud do not agree.',
    next: 'Keep this computer’s data as evidence and contact support.',
    severity: 'neg',
  },
  stream_broken: {
    sentence:
      'The cloud’s answer broke off or contradicts itself. Only what was proven before that was taken over.',
    next: 'Try again. If it repeats, contact support.',
    severity: 'warn',
  },
  damaged: {
    sentence: 'The copy on this computer is damaged.',
    next: 'Press “Verify now” while online: what is damaged is fetched again.',
    severity: 'neg',
  },
  disk_full: {
    sentence: 'The disk is full.',
    next: 'Free some space and try again. The last good copy stays readable.',
    severity: 'neg',
  },
  read_only: {
    sentence: 'The data folder cannot be written to.',
    next: 'Check its permissions.',
    severity: 'neg',
  },
  newer_files: {
    sentence: 'A newer version of Boothkeeper has used this data folder.',
    next: 'Update this app. Nothing was touched.',
    severity: 'neg',
  },
  locked: {
    sentence: 'Another Boothkeeper is using this data folder.',
    next: 'Close it, or let it do the syncing.',
    severity: 'warn',
  },
  open_to_others: {
    sentence: 'Other users of this computer can look into the data folder.',
    next: 'Close it to them in its permissions.',
    severity: 'warn',
  },
  file_system: {
    sentence: 'A file cannot be read or written.',
    next: 'Check the place you chose and its permissions.',
    severity: 'neg',
  },
  no_keychain: {
    sentence: 'This computer’s keychain does not answer.',
    next: 'Unlock it, or choose to be remembered only until you quit.',
    severity: 'warn',
  },
  not_synced: {
    sentence: 'There is no copy of the account yet.',
    next: 'Connect to the internet once, then everything stays readable offline.',
    severity: 'warn',
  },
  out_of_range: {
    sentence: 'A value is out of range.',
    next: 'Check the amount or the dates.',
    severity: 'warn',
  },
  unknown_name: {
    sentence: 'There is no such name in this account.',
    next: 'Choose another filter.',
    severity: 'warn',
  },
  not_found: {
    sentence: 'There is no such thing.',
    next: 'Go back and look again.',
    severity: 'warn',
  },
  not_cancellable: {
    sentence: 'That action was sent already.',
    next: 'Wait for the cloud’s answer.',
    severity: 'warn',
  },
  already_waiting: {
    sentence: 'Another action on the plan is waiting to be sent.',
    next: 'Wait for the cloud’s answer, or take it back first.',
    severity: 'warn',
  },
  not_confirmed: {
    sentence: 'This destroys what is named, for good; nothing was done.',
    next: 'Confirm it first.',
    severity: 'warn',
  },
  not_a_file: {
    sentence: 'That is a folder, a link or a device, not a file.',
    next: 'Choose the file itself.',
    severity: 'warn',
  },
  file_empty: {
    sentence: 'That file is empty.',
    next: 'Choose another.',
    severity: 'warn',
  },
  file_too_large: {
    sentence: 'That is too large: 10 MiB a file, 25 MiB and 20 files in all.',
    next: 'Leave something out, or choose fewer days.',
    severity: 'warn',
  },
  file_type: {
    sentence: 'Only PDF, PNG, JPEG and .eml can be attached, each under a name that says so.',
    next: 'Export or print it as PDF, or rename it to what it is.',
    severity: 'warn',
  },
  too_many_files: {
    sentence: 'A dispute takes at most 20 files.',
    next: 'Remove one first.',
    severity: 'warn',
  },
  text_too_long: {
    sentence: 'The text is longer than 16,000 characters.',
    next: 'Shorten it. Long evidence belongs into an attached file.',
    severity: 'warn',
  },
  too_many_rows: {
    sentence: 'A dispute takes at most 400 entries.',
    next: 'File the rest as another, or name the days only.',
    severity: 'warn',
  },
  draft_incomplete: {
    sentence: 'Something is missing in this dispute.',
    next: 'See what is marked, and complete it.',
    severity: 'warn',
  },
  came_right: {
    sentence: 'What this complains of has come right meanwhile. Nothing was sent.',
    next: 'Discard it, or send it again if something is still wrong.',
    severity: 'warn',
  },
  draft_exists: {
    sentence: 'A draft on the same is there already.',
    next: 'Open it under Disputes.',
    severity: 'warn',
  },
  dispute_sent: {
    sentence: 'That dispute was sent; it is changed no more.',
    next: 'Write to support in its ticket, under Disputes.',
    severity: 'warn',
  },
  drafts_waiting: {
    sentence: 'A dispute on what was imported before is being written; it would be lost.',
    next: 'Save it as e-mail and discard it, then import again.',
    severity: 'warn',
  },
  not_open: {
    sentence: 'That dispute was decided or withdrawn.',
    next: 'Begin a new one if something is still wrong.',
    severity: 'warn',
  },
  imported: {
    sentence:
      'This account was imported: no cloud is behind it, and of its plan and card nothing is known.',
    next: 'Send the dispute by e-mail.',
    severity: 'warn',
  },
  not_a_packet: {
    sentence: 'There is no proof in that.',
    next: 'Choose a usage-history.json, or an archive or letter that has one.',
    severity: 'warn',
  },
  no_mail_program: {
    sentence: 'No program on this computer opens a letter.',
    next: 'Save the e-mail as a file, and attach that to a mail.',
    severity: 'warn',
  },
  not_a_history: {
    sentence: 'That cannot be read as a usage history.',
    next: 'It needs a row of titles, and a date and an amount in each row.',
    severity: 'warn',
  },
  row_unreadable: {
    sentence: 'A row of that table cannot be read.',
    next: 'Correct the cell named below, or say how dates and amounts are meant.',
    severity: 'warn',
  },
  not_a_receipt: {
    sentence: 'No amount, date and number of a purchase could be found in that receipt.',
    next: 'Attach it to a dispute instead, and type what it says.',
    severity: 'warn',
  },
  email_missing: {
    sentence: 'Whose history it is was not said.',
    next: 'Type your account’s e-mail address.',
    severity: 'warn',
  },
  ask_mapping: {
    sentence: 'It is not clear which column is which.',
    next: 'Say which has the date, and which the amount.',
    severity: 'warn',
  },
  ask_dates: {
    sentence: 'The dates can be read in two ways.',
    next: 'Say in which order day and month stand.',
    severity: 'warn',
  },
  ask_decimals: {
    sentence: 'The amounts can be read in two ways.',
    next: 'Say whether point or comma comes before the cents.',
    severity: 'warn',
  },
  internal: {
    sentence: 'Something went wrong that should not.',
    next: 'Try again. If it repeats, report it with the details.',
    severity: 'neg',
  },
};

/** A failed command: a code to act on, and causes for “details”. */
export class PageError extends Error {
  constructor(
    readonly code: Code,
    readonly problem: string | null,
    readonly causes: string[],
  ) {
    super(WORDS[code].sentence);
  }

  /** What the core answered; anything else is our own bug and says so. */
  static from(error: unknown): PageError {
    if (error instanceof PageError) return error;
    if (typeof error === 'object' && error !== null && 'code' in error) {
      const { code, problem, causes } = error as {
        code: Code;
        problem?: string | null;
        causes?: string[];
      };
      if (code in WORDS) return new PageError(code, problem ?? null, causes ?? []);
    }
    return new PageError('internal', null, [String(error)]);
  }

  get words(): Words {
    return WORDS[this.code];
  }
}
