// Builds the image without Docker, as far as that goes: runs the steps of the Dockerfile in a temporary folder, which takes the place
// of the root folder of each stage, then trains for a step and detects with what the last stage has. Not tested: the base images, that
// what they hold suffices, and the user. Needs what set-up needs, a network, and about 4 GB of disk.
//
//   node tests/docker/check.mjs

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDockerfile } from './dockerfile.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'faster-rcnn-image-'));
/** Folders of the image, each in the stage's own. */
const FOLDERS = /(?<![\w.])\/(build|app|opt|data)(?=[/\s"=]|$)/g;

class Stage {
  constructor(name) {
    this.folder = path.join(home, name);
    this.cwd = this.folder;
    // Of the machine's environment only what finds programs and registries.
    this.env = { ...process.env };
    delete this.env.FASTER_RCNN_CACHE;
  }

  inside(text) {
    return text.replace(FOLDERS, (_, name) => path.join(this.folder, name));
  }

  run(program, args, options = {}) {
    const label = `${path.basename(program)} ${args.join(' ')}`.replaceAll(this.folder, '').slice(0, 110);
    const started = performance.now();
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.cwd,
      env: this.env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      ...options,
    });
    assert.equal(status, 0, `${label}\n${stdout}\n${stderr}`);
    console.log(`${label}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return stdout;
  }
}

/** What the build context holds: tracked files, without those that .dockerignore names. */
function contextFiles() {
  const ignored = fs.readFileSync(path.join(root, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  const tracked = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return tracked.stdout.split('\n').filter((name) => name !== '' && !ignored.includes(name.split('/')[0]));
}

function perform(stage, { name, text }, stages) {
  if (name === 'WORKDIR') {
    stage.cwd = stage.inside(text);
    fs.mkdirSync(stage.cwd, { recursive: true });
  } else if (name === 'ENV') {
    for (const [, key, value] of text.matchAll(/(\w+)=(\S+)/g)) stage.env[key] = stage.inside(value);
  } else if (name === 'RUN' && text.startsWith('apt-get')) {
    console.log(`left out, as this machine has its own: ${text}`);
  } else if (name === 'RUN') {
    stage.run('sh', ['-ec', stage.inside(text)]);
  } else if (name === 'COPY' && text.startsWith('--from=')) {
    const [, from, source, target] = /^--from=(\S+)(?: --chown=\S+)? (\S+) (\S+)$/.exec(text);
    const [a, b] = [stages.get(from).inside(source), stage.inside(target)];
    fs.mkdirSync(path.dirname(b), { recursive: true });
    fs.renameSync(a, b);
  } else if (name === 'COPY') {
    assert.equal(text, '. .');
    for (const file of contextFiles())
      fs.cpSync(path.join(root, file), path.join(stage.cwd, file), { recursive: true });
  } else if (name === 'ENTRYPOINT') {
    stage.entrypoint = JSON.parse(stage.inside(text));
  }
}

try {
  const stages = new Map();
  let last;
  for (const { name = 'last', instructions } of readDockerfile(path.join(root, 'Dockerfile')).stages) {
    last = new Stage(name);
    fs.mkdirSync(last.folder);
    stages.set(name, last);
    for (const instruction of instructions) perform(last, instruction, stages);
  }
  // What built it is gone, as it is in the image.
  fs.rmSync(path.join(home, 'build'), { recursive: true });
  console.log(last.run('du', ['-sh', 'opt', 'app'], { cwd: last.folder }));

  const [program, ...args] = last.entrypoint;
  const rcnn = (...words) => last.run(program, [...args, ...words]);
  assert.match(rcnn('--help'), /Usage: rcnn/);
  rcnn('synthesize', '--output', 'scenes', '--num-train', '2', '--num-val', '1', '--size', '64');
  const data = ['--train-annotations', 'scenes/train.json', '--train-images', 'scenes/images'];
  rcnn(
    'train',
    '--model',
    'fasterrcnn_tiny_fpn',
    ...data,
    '--output',
    'run',
    '--set',
    'model.minSize=64',
    '--iterations',
    '2',
  );
  rcnn('detect', '--weights', 'run/last', '--json', 'found.json', 'scenes/images');
  assert.equal(JSON.parse(fs.readFileSync(path.join(last.cwd, 'found.json'), 'utf8')).length, 3);
  console.log('the image would train and detect');
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}
