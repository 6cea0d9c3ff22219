import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const repository = path.resolve(__dirname, '..', '..', '..');

interface Room {
  name: string;
  holds: string;
  mayImport: string[];
}

interface Outcome {
  status: number | null;
  output: string;
  /** Sorted. */
  violations: string[];
}

/** The command of `npm run lint` that looks at imports, run in a folder. */
function lint(folder: string): Outcome {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
    scripts: { lint: string };
  };
  const command = scripts.lint.split(' && ').find((part) => part.startsWith('depcruise '))!;
  const program = path.join(repository, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const { status, stdout: output } = spawnSync(process.execPath, [program, ...command.split(' ').slice(1)], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  const found = [...output.matchAll(/^ +error (.*?): (\S+) →\s+(\S+)/gm)];
  return {
    status,
    output,
    violations: found.map(([, rule, from, to]) => `${rule}: ${from} -> ${to}`).sort(),
  };
}

/** A house with these files, the packages that they name, and the rules of this one. */
function plant(files: Record<string, string>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'faster-rcnn-rooms-'));
  for (const room of ['detection', 'datasets', 'weights', 'tools', 'tests']) {
    fs.mkdirSync(path.join(folder, room));
  }
  fs.cpSync(path.join(repository, 'tools/lint'), path.join(folder, 'tools/lint'), { recursive: true });
  for (const name of [
    '@tensorflow/tfjs-core',
    '@tensorflow/tfjs-layers',
    '@tensorflow/tfjs-node-gpu',
    'sharp',
  ]) {
    fs.mkdirSync(path.join(folder, 'node_modules', name), { recursive: true });
    fs.writeFileSync(path.join(folder, 'node_modules', name, 'index.js'), '');
  }
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  }
  return folder;
}

test('this house keeps to the rules', () => {
  const { status, output, violations } = lint(repository);
  expect(violations).toEqual([]);
  expect(status).toBe(0);
  expect(Number(/(\d+) modules/.exec(output)?.[1])).toBeGreaterThan(500);
});

test('every planted fault fails by its rule, and nothing else does', () => {
  const thing = 'export interface Thing { value: number }\nexport const thing: Thing = { value: 1 };\n';
  const folder = plant({
    'detection/errors.ts': thing,
    'detection/nn/random.ts': thing,
    'detection/nn/linear.ts': thing,
    'detection/engine/train.ts': "export { thing } from '../errors';\n",
    'detection/engine/writers/lines.ts':
      "import fs from 'node:fs';\nexport { thing } from '../train';\nfs.sync;\n",
    'detection/backend/node-kernels.ts': "import '@tensorflow/tfjs-node-gpu';\nimport 'path';\n",
    'tools/terminal/progress.ts': thing,
    'tools/cli/train.ts': thing,
    'tools/soak/main.ts': thing,
    // Against an arrow, in every form that an import can have.
    'detection/structures/value.ts': "import { thing } from '../nn/linear';\nthing.value;\n",
    'detection/structures/type.ts': "import type { Thing } from '../nn/linear';\nexport type A = Thing;\n",
    'detection/structures/inline.ts': "export type A = import('../nn/linear').Thing;\n",
    'detection/structures/lazy.ts': "export const a = import('../nn/linear');\n",
    'detection/structures/required.ts': "export const a: unknown = require('../nn/linear');\n",
    'detection/structures/exported.ts': "export * from '../nn/linear';\n",
    'detection/ops/nms.ts': "import type { Thing } from '../engine/train';\nexport type A = Thing;\n",
    'detection/engine/hooks.ts': "export * from './writers/lines';\n",
    'detection/index.ts': "export * from './errors';\nexport * from './backend/node-kernels';\n",
    'datasets/loader/loader.ts':
      "export * from '../../detection/nn/random';\nexport * from '../../detection/nn/linear';\n",
    // A file that is a room of its own, in a room.
    'datasets/index.ts': "export * from './loader/loader';\nexport * from '../detection/structures/value';\n",
    'datasets/examples.ts': "export * from './evaluation/scores';\n",
    'datasets/evaluation/scores.ts': "export * from '../loader/loader';\n",
    'datasets/evaluation/index.ts': "export * from './scores';\nexport * from '../loader/loader';\n",
    'weights/state-dict.ts': "export * from '../tools/terminal/progress';\n",
    'weights/formats/tensors.ts': "export * from '../../tests/fixture';\n",
    'tools/run/start.ts': "export * from '../terminal/progress';\nexport * from '../cli/train';\n",
    'tools/cli/soak.ts': "export * from '../soak/main';\n",
    'tests/fixture.ts': "export * from '../tools/cli/train';\n",
    // A cycle of types alone.
    'tools/config/keys.ts': "import type { B } from './help';\nexport type A = B | 1;\n",
    'tools/config/help.ts': "import type { A } from './keys';\nexport type B = A[] | 2;\n",
    // Node and packages.
    'detection/nn/file.ts': "import type { Stats } from 'fs';\nexport type A = Stats;\n",
    'detection/nn/sharp.ts': "import sharp from 'sharp';\nsharp();\n",
    'detection/nn/native.ts': "import '@tensorflow/tfjs-node-gpu';\nimport '@tensorflow/tfjs-core';\n",
    'detection/nn/keras.ts':
      "import type * as tf from '@tensorflow/tfjs-layers';\nexport type A = tf.LayersModel;\n",
    'detection/nn/keras-code.ts': "import * as tf from '@tensorflow/tfjs-layers';\ntf.sequential();\n",
    // In no room.
    'detection/attic/box.ts': "export * from '../errors';\n",
    'tools/rooms.ts': "export * from './terminal/progress';\n",
  });
  const { status, violations } = lint(folder);
  fs.rmSync(folder, { recursive: true });
  expect(violations).toEqual(
    [
      ...['value', 'type', 'inline', 'lazy', 'required', 'exported'].map(
        (form) => `room detection/structures: detection/structures/${form}.ts -> detection/nn/linear.ts`,
      ),
      'room detection/ops: detection/ops/nms.ts -> detection/engine/train.ts',
      'room detection/engine: detection/engine/hooks.ts -> detection/engine/writers/lines.ts',
      'room detection/index.ts: detection/index.ts -> detection/backend/node-kernels.ts',
      'room datasets: datasets/loader/loader.ts -> detection/nn/linear.ts',
      'room datasets/index.ts: datasets/index.ts -> detection/structures/value.ts',
      'room datasets: datasets/examples.ts -> datasets/evaluation/scores.ts',
      'room datasets/evaluation/index.ts: datasets/evaluation/index.ts -> datasets/loader/loader.ts',
      'room weights: weights/state-dict.ts -> tools/terminal/progress.ts',
      'room weights/formats: weights/formats/tensors.ts -> tests/fixture.ts',
      'room tools/run: tools/run/start.ts -> tools/cli/train.ts',
      'room tools/cli: tools/cli/soak.ts -> tools/soak/main.ts',
      'no cycles: tools/config/help.ts -> tools/config/keys.ts',
      'no Node in the library: detection/nn/file.ts -> fs',
      'packages of the library: detection/nn/sharp.ts -> node_modules/sharp/index.js',
      'packages of the library: detection/nn/native.ts -> node_modules/@tensorflow/tfjs-node-gpu/index.js',
      'types only: detection/nn/keras-code.ts -> node_modules/@tensorflow/tfjs-layers/index.js',
      'no room: detection/attic/box.ts -> detection/errors.ts',
      'no room: tools/rooms.ts -> tools/terminal/progress.ts',
    ].sort(),
  );
  expect(status).not.toBe(0);
});

test('docs/architecture.md shows the table', () => {
  const script = "import('./tools/lint/rooms.mjs').then(({ rooms }) => console.log(JSON.stringify(rooms)))";
  const { stdout } = spawnSync(process.execPath, ['-e', script], { cwd: repository, encoding: 'utf8' });
  const rooms = JSON.parse(stdout) as Room[];
  const text = fs.readFileSync(path.join(repository, 'docs/architecture.md'), 'utf8');
  const section = text.slice(text.indexOf('## Rooms'), text.indexOf('## Tensors and typed arrays'));
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  expect(
    rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
  ).toEqual(
    rooms.map(({ name, holds, mayImport }) => [
      `\`${name}\``,
      holds,
      mayImport.map((room) => `\`${room}\``).join(', ') || 'nothing',
    ]),
  );
});
