/** A text without the isolation marks (U+2068, U+2069) that Fluent puts around variables: tests compare it. */
export const plain = (text: string): string => text.replace(/[\u2068\u2069]/g, '');
