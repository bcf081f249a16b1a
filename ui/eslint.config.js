import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

const features = [
  'disputes',
  'event',
  'first-run',
  'history',
  'import',
  'outbox',
  'overview',
  'plan',
  'settings',
];

/** Attributes that people read or hear. */
const read =
  /^(title|placeholder|alt|label|aria-label|aria-description|aria-roledescription|aria-valuetext)$/;

/** Sentences are in the messages crate; text in the page itself cannot be translated. */
const noRawText = {
  create: (context) => ({
    SvelteText(node) {
      // A lone angle bracket is a broken tag.
      if (/\p{L}{2,}|[<>]/u.test(node.value) && node.parent.type !== 'SvelteStyleElement')
        context.report({ node, message: 'Raw text: put it into src-tauri/crates/messages/en.' });
    },
    SvelteLiteral(node) {
      if (read.test(node.parent?.key?.name ?? '') && /\p{L}{2,}/u.test(node.value))
        context.report({ node, message: 'Raw text: put it into src-tauri/crates/messages/en.' });
    },
    Literal(node) {
      if (typeof node.value === 'string' && /^\p{Lu}\S* .*\p{L}/u.test(node.value))
        context.report({ node, message: 'A sentence: put it into src-tauri/crates/messages/en.' });
    },
    TemplateElement(node) {
      if (/\p{L}{2,} \p{L}{2,}/u.test(node.value.cooked ?? ''))
        context.report({ node, message: 'A sentence: put it into src-tauri/crates/messages/en.' });
    },
  }),
};

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/api/generated'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: globals.browser } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      'svelte/no-at-html-tags': 'error',
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@tauri-apps/*'], message: 'Only src/platform speaks to Tauri.' }] },
      ],
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/**/*.test.ts'],
    plugins: { house: { rules: { 'no-raw-text': noRawText } } },
    rules: { 'house/no-raw-text': 'error' },
  },
  { files: ['src/platform/**'], rules: { 'no-restricted-imports': 'off' } },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@tauri-apps/*'], message: 'Only src/platform speaks to Tauri.' },
            ...features
              .filter((other) => other !== feature)
              .map((other) => ({
                group: [`**/${other}/*`],
                message: 'Features do not import each other.',
              })),
          ],
        },
      ],
    },
  })),
);
