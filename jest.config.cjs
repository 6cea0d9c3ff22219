// Packages that ship ES modules only: jest runs CommonJS, so they pass through the same compiler as our sources.
const esModules = [
  '@observablehq',
  'd3',
  'd3-[^/]+',
  'internmap',
  'delaunator',
  'robust-predicates',
  'isoformat',
  'interval-tree-1d',
  'binary-search-bounds',
  'pure-rand',
  'cookie',
  'css-select',
  'css-what',
  'dom[^/]+',
  'nth-check',
  'entities',
  'htmlparser2',
  'boolbase',
  'uhyphen',
  'cssomnom',
];

// What detection/backend/node.ts sets before the native library loads. Tests see a copy of process.env that the library
// does not, so it has to happen out here; without it gradients of ROIAlign race, and golden numbers fail now and then.
process.env.TF_DETERMINISTIC_OPS = '1';
process.env.TF_CPP_MIN_LOG_LEVEL = '3';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // Jest leaves a core free by default: of two, half of what there is.
  maxWorkers: '100%',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  setupFiles: ['<rootDir>/tests/in-process.ts'],
  transform: {
    '\\.(ts|js|mjs)$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`, '<rootDir>/dist/'],
  // Each look at a global costs in a test, unless it is a parameter of the file: the sources' loops look at these.
  sandboxInjectedGlobals: [
    'Math',
    'Number',
    'Array',
    'Float32Array',
    'Float64Array',
    'Int32Array',
    'Uint8Array',
    'Infinity',
  ],
  // Seconds where the machine is free; a test that runs into this hangs, however busy the machine is.
  testTimeout: 240_000,
};
