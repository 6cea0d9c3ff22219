import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeProject, workingFakes } from './fake-project';

let project: FakeProject;
beforeEach(() => {
  project = new FakeProject();
});
afterEach(() => project.delete());

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

describe('a fresh clone', () => {
  it('gets packages, library, binding and compiled sources; the next run executes nothing', async () => {
    const first = await project.run();
    expect(first).toMatchObject({ status: 0 });
    expect(first.stderr).toMatch(/npm ci: done in [\d.]+ m?s\n/);
    expect(first.stderr).toMatch(/downloading tensorflow-cpu==2\.21\.0 with pip: done in/);
    const calls = project.takeCalls();
    expect(calls.map((call) => call.split(' ').slice(0, 3).join(' '))).toEqual([
      'npm ci --no-audit',
      'tsc',
      'python3 -m pip',
      'python3 -m pip',
      'python3 -c ',
      'g++ -shared -Wl,-soname,libtensorflow_cc.so.2',
      'g++ -shared -Wl,-soname,libtensorflow_framework.so.2',
      'g++ -shared -fPIC',
    ]);
    expect(calls[3]).toMatch(/--abi=cp311 --platform=manylinux_2_27_x86_64 tensorflow-cpu==2\.21\.0$/);
    // Wherever the two are moved, the binding finds the library.
    expect(calls[7]).toContain(' -Wl,-rpath,$ORIGIN ');
    expect(path.relative(project.cache, path.dirname(project.binding))).toMatch(
      /^tensorflow-cpu-2\.21\.0-[0-9a-f]{8}\/tensorflow$/,
    );

    // Headers and libraries, but neither the wheel nor what nobody needs; no lock, no draft.
    const cached = project.files('cache').map((file) => path.basename(file));
    expect(cached).toEqual([
      'manifest.json',
      'c_api.h',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
      expect.stringMatching(/^tfjs_binding-[0-9a-f]{16}\.node$/),
    ]);
    expect(fs.readFileSync(project.binding)).toEqual(fs.readFileSync(path.join(project.folder, 'addon')));

    const second = await project.run();
    expect(second.status).toBe(0);
    expect(second.stderr.trim().split('\n')).toHaveLength(4);
    expect(await project.run(['--quiet'])).toEqual({ status: 0, signal: null, stderr: '' });
    expect(project.takeCalls()).toEqual([]);
  });

  it('counts the packages that npm fetches', async () => {
    const reporter = path.join(project.root, 'tools/setup/reporter.mjs');
    const hasty = fs.readFileSync(reporter, 'utf8').replace(/LINE_INTERVAL = \d+/, 'LINE_INTERVAL = 0');
    fs.writeFileSync(reporter, hasty);
    const fetching = 'console.error("npm http fetch GET 200 https://registry/a.tgz 5ms");';
    project.fake('npm', fetching.repeat(2) + workingFakes.npm);
    const { stderr } = await project.run();
    expect(stderr).toMatch(/ {2}1 package fetched\n.* {2}2 packages fetched\n/);
  });

  it('runs the command line by itself, and passes its exit status on', async () => {
    const first = await project.start('tools/rcnn.mjs', ['a', 'b', 'c']).outcome;
    expect(first.status).toBe(3);
    expect(first.stderr).toMatch(/ran a b c\n$/);
    expect(await project.start('tools/rcnn.mjs', ['x']).outcome).toEqual({
      status: 1,
      signal: null,
      stderr: 'ran x\n',
    });
  });

  it('is quiet about an output that nobody reads to its end', async () => {
    await project.run();
    const lines = 'for (let k = 0; k < 5; k++) { process.stdout.write("line\\n"); await sleep(10); }';
    const sleep = 'const sleep = require("node:timers/promises").setTimeout;';
    project.write('clone/dist/tools/cli.js', `${sleep} exports.main = async () => { ${lines} return 0; };`);
    const { child, outcome } = project.start('tools/rcnn.mjs');
    child.stdout!.destroy();
    expect(await outcome).toEqual({ status: 0, signal: null, stderr: '' });
  });

  it('finds what an older clone has fetched and built', async () => {
    await project.run();
    project.takeCalls();
    fs.rmSync(path.join(project.root, 'node_modules'), { recursive: true });
    fs.rmSync(path.join(project.root, 'dist'), { recursive: true });
    expect((await project.run()).status).toBe(0);
    expect(project.takeCalls().map((call) => call.split(' ')[0])).toEqual(['npm', 'tsc']);
  });

  it('takes the CUDA build with --gpu, and keeps to it until --cpu', async () => {
    const cpuHash = /cpu: \{[^}]*sha256: '([0-9a-f]+)'/.exec(
      fs.readFileSync(path.join(project.root, 'tools/setup/libraries.cjs'), 'utf8'),
    )![1];
    project.patchLibraries(/(gpu: \{[^}]*sha256: ')[0-9a-f]+'/, `$1${cpuHash}'`);
    project.patchLibraries(/(gpu: \{[^}]*neededBytes: )[\d_]+/, '$11000');
    const libraries = (calls: string[]) =>
      calls.map((call) => /-I\S*\/(tensorflow-[^/]+)\/tensorflow\/include/.exec(call)?.[1]);
    const gpu = await project.run(['--gpu']);
    expect(gpu.status).toBe(0);
    expect(gpu.stderr).toMatch(/not run on a GPU yet[^]*LD_LIBRARY_PATH/);
    expect(libraries(project.takeCalls())).toContain(`tensorflow-2.21.0-${cpuHash.slice(0, 8)}`);
    expect((await project.run()).status).toBe(0);
    expect(project.takeCalls()).toEqual([]);
    expect((await project.run(['--cpu'])).status).toBe(0);
    expect(libraries(project.takeCalls())).toContain(`tensorflow-cpu-2.21.0-${cpuHash.slice(0, 8)}`);
  });
});

describe('what has changed is made anew', () => {
  beforeEach(async () => {
    await project.run();
    project.takeCalls();
  });

  const changes: [string, () => void, string[]][] = [
    ['package-lock.json', () => project.lockPackages('1.0.1'), ['npm', 'tsc']],
    ['a source', () => project.write('clone/src/cli.ts', '// changed'), ['tsc']],
    ['a new source', () => project.write('clone/src/other.ts', ''), ['tsc']],
    [
      'the sources of the binding',
      () => project.write('clone/tools/setup/binding/start.cc', '//'),
      ['tsc', 'g++', 'g++', 'g++'],
    ],
    [
      'a truncated library',
      () =>
        fs.truncateSync(
          path.join(
            project.cache,
            project.files('cache').find((f) => f.endsWith('_cc.so.2'))!,
          ),
          3,
        ),
      ['python3', 'python3', 'python3', 'g++', 'g++', 'g++'],
    ],
  ];
  it.each(changes)('%s', async (_what, change, programs) => {
    change();
    expect((await project.run(['--quiet'])).status).toBe(0);
    expect(project.takeCalls().map((call) => call.split(' ')[0])).toEqual(programs);
    await project.run();
    expect(project.takeCalls()).toEqual([]);
    expect(fs.readFileSync(project.binding)).toEqual(fs.readFileSync(path.join(project.folder, 'addon')));
  });
});

describe('an installed package', () => {
  beforeEach(async () => {
    await project.run();
    project.takeCalls();
  });

  it.each([
    ['takes its own binding', 'same', []],
    ['compiles where its own is of other sources', 'of other sources', ['g++', 'g++', 'g++']],
    ['compiles where its own does not load', 'broken', ['g++', 'g++', 'g++']],
  ] as const)('%s', async (_what, prebuilt, programs) => {
    project.becomePackage(prebuilt);
    const { status, stderr } = await project.start('tools/rcnn.mjs', ['a', 'b']).outcome;
    expect({ status, ran: stderr.endsWith('ran a b\n') }).toEqual({ status: 2, ran: true });
    expect(project.takeCalls().map((call) => call.split(' ')[0])).toEqual(programs);
    expect(fs.readFileSync(project.binding).subarray(0, 4).toString()).toBe('\x7fELF');
    expect(project.files('cache').filter((file) => /partial|lock/.test(file))).toEqual([]);
  });

  it.each([
    ['by `rcnn setup`', ['setup'], 0],
    ['at its first command', ['a'], 1],
  ])('fetches the library %s', async (_when, args, status) => {
    project.becomePackage('same');
    fs.rmSync(project.cache, { recursive: true });
    expect((await project.start('tools/rcnn.mjs', args).outcome).status).toBe(status);
    expect(project.takeCalls().map((call) => call.split(' ')[0])).toEqual(['python3', 'python3', 'python3']);
    expect(fs.existsSync(project.binding)).toBe(true);
  });

  it('helps without fetching anything', async () => {
    project.becomePackage('same');
    fs.rmSync(project.cache, { recursive: true });
    for (const args of [[], ['--help'], ['train', '-h'], ['help', 'train']]) {
      expect((await project.start('tools/rcnn.mjs', args).outcome).stderr).toContain('ran');
    }
    expect(project.takeCalls()).toEqual([]);
  });
});

describe('two at once, and one that was stopped', () => {
  const lock = () => path.join(project.cache, 'lock');

  it('the second waits for the first, and finds its work done', async () => {
    project.fake('npm', `while (!fs.existsSync(path.join(folder, 'go')));\n${workingFakes.npm}`);
    const first = project.start('tools/setup/main.mjs');
    await until(() => fs.existsSync(lock()));
    const second = project.start('tools/setup/main.mjs');
    await until(() => second.output().includes('waiting'));
    expect(second.output()).toContain(`process ${first.child.pid}`);
    project.write('go', '');
    expect((await first.outcome).status).toBe(0);
    expect((await second.outcome).status).toBe(0);
    expect(project.takeCalls().filter((call) => call.startsWith('npm'))).toHaveLength(1);
    expect(fs.existsSync(lock())).toBe(false);
  });

  it.each([
    ['of a process that is gone', `${os.hostname()} 999999999`, 0],
    ['that nobody has touched for two minutes', 'another-host 1', 120],
    ['cut short, two minutes ago', '', 120],
  ])('a lock %s is taken over', async (_what, content, secondsAgo) => {
    fs.writeFileSync(lock(), content);
    const touched = new Date(Date.now() - secondsAgo * 1000);
    fs.utimesSync(lock(), touched, touched);
    expect((await project.run()).status).toBe(0);
    expect(project.files('cache').filter((file) => file.includes('lock'))).toEqual([]);
  });

  it('stopped during the download, it can simply be run again', async () => {
    project.fake(
      'python3',
      `if (args[2] !== 'download') process.exit(0);
      fs.writeFileSync(path.join(optionValue('--dest'), 'half-a-wheel'), 'x');
      const parent = process.ppid;
      setInterval(() => process.ppid !== parent && process.exit(1), 20);`,
    );
    const stopped = project.start('tools/setup/main.mjs');
    await until(() => project.files('cache').some((file) => file.endsWith('half-a-wheel')));
    stopped.child.kill('SIGKILL');
    expect((await stopped.outcome).signal).toBe('SIGKILL');
    project.restore('python3');
    project.takeCalls();
    expect((await project.run()).status).toBe(0);
    expect(project.files('cache').filter((file) => /partial|half|lock/.test(file))).toEqual([]);
    expect(project.takeCalls().map((call) => call.split(' ')[0])).toEqual([
      ...['python3', 'python3', 'python3', 'g++', 'g++', 'g++'],
    ]);
  });
});
