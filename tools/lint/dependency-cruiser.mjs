/** Rules of dependency-cruiser, generated from the table of rooms. Imports of types count as any others. */
import { forAll, library, rooms } from './rooms.mjs';

const HOUSE = '^(detection|datasets|weights|tools|tests)/';

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * Matches the files of a room, one file, or with `name/*` all that is below a folder.
 *
 * @param {string} name
 */
function pattern(name) {
  if (name.endsWith('/*')) return `^${escaped(name.slice(0, -1))}`;
  if (isFile(name)) return `^${escaped(name)}$`;
  const inside = rooms.filter((room) => room.name.startsWith(`${name}/`));
  const others = inside.map(
    (room) => escaped(room.name.slice(name.length + 1)) + (isFile(room.name) ? '$' : '/'),
  );
  return `^${escaped(name)}/${others.length === 0 ? '' : `(?!${others.join('|')})`}`;
}

/** @param {string} name of a room */
function isFile(name) {
  return /\.\w+$/.test(name);
}

/** @param {readonly string[]} names of packages */
function packages(names) {
  return `(^|node_modules/)(${names.map(escaped).join('|')})(/|$)`;
}

/** @param {import('./rooms.mjs').Room} room */
function arrows({ name, mayImport }) {
  return {
    name: `room ${name}`,
    comment: `${name} may import ${mayImport.join(', ') || 'nothing'}: see tools/lint/rooms.mjs`,
    severity: /** @type {const} */ ('error'),
    from: { path: pattern(name) },
    to: { path: HOUSE, pathNot: [name, ...mayImport, ...forAll].map(pattern) },
  };
}

/** Files of the library that are not written for Node. */
const portable = {
  path: pattern(`${library.folder}/*`),
  pathNot: library.forNode.map((start) => `^${start}`),
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...rooms.map(arrows),
    {
      name: 'no room',
      comment: 'every file is in a room of tools/lint/rooms.mjs',
      severity: 'error',
      from: { path: HOUSE, pathNot: rooms.map((room) => pattern(room.name)) },
      to: {},
    },
    {
      name: 'no cycles',
      comment: 'files that import one another can only be understood together',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no Node in the library',
      comment: `it runs where TensorFlow.js does; Node's modules are for ${library.forNode.join(', ')}`,
      severity: 'error',
      from: portable,
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'packages of the library',
      comment: `they are ${library.packages.join(', ')}, and for types ${library.typePackages.join(', ')}`,
      severity: 'error',
      from: portable,
      to: {
        dependencyTypesNot: ['core'],
        pathNot: [HOUSE, packages([...library.packages, ...library.typePackages])],
      },
    },
    {
      name: 'types only',
      comment: 'whoever hands over an object of this package brings its code',
      severity: 'error',
      from: portable,
      to: {
        path: packages(library.typePackages),
        dependencyTypesNot: ['type-only', 'triple-slash-type-reference'],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
  },
};
