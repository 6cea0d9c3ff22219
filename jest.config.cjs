// Packages that ship ES modules only: jest runs CommonJS, so they pass through the same compiler as our sources.
const esModules = ['@observablehq', 'd3', 'd3-[^/]+', 'internmap', 'delaunator', 'robust-predicates', 'isoformat', 'interval-tree-1d', 'binary-search-bounds', 'pure-rand'];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.(ts|js|mjs)$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
  testTimeout: 60_000,
};
