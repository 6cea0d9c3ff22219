import tseslint from 'typescript-eslint';

const namedExports = {
  selector: 'ExportAllDeclaration',
  message: 'Name what is exported: nothing becomes public unseen.',
};
const finiteMkdir = {
  selector: 'CallExpression[callee.name=/^mkdir/] Property[key.name="recursive"]',
  message: 'It may never return, in /proc for one: makeFolders of detection/files/make-folders.ts.',
};

export default tseslint.config(
  {
    ignores: ['dist', 'dist-docs', 'node_modules', 'runs', 'tests/package/programs', '**/*.cjs', '**/*.mjs'],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off', // typed arrays and maps that the line above has filled
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-restricted-syntax': ['error', namedExports],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Draw from a named stream (detection/nn/random.ts).' },
      ],
    },
  },
  {
    files: ['{detection,datasets,weights,tools}/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', namedExports, finiteMkdir] },
  },
  {
    // A command's file is loaded when it is asked for. import() would need the names of compiled files.
    files: ['tools/cli/main.ts'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
