/**
 * Numbers the reads of one view. Answers can arrive in another order than they were asked for; an answer that is older
 * than the one on screen must not replace it.
 */
export class Answers {
  #asked = 0;
  #taken = 0;

  /** The number of a new read. */
  ask(): number {
    return ++this.#asked;
  }

  /** True if the answer to this read is to be shown; from then on, answers to older reads are not. */
  take(read: number): boolean {
    if (read < this.#taken) return false;
    this.#taken = read;
    return true;
  }

  /** True if the failure of this read is to be shown: not if a later read was answered. */
  fail(read: number): boolean {
    return read > this.#taken;
  }
}
