import fs from 'node:fs';
import path from 'node:path';
import { FakeProject } from './fake-project';

let project: FakeProject;
beforeEach(() => {
  project = new FakeProject();
});
afterEach(() => project.delete());

/** One message, with its remedy and without a stack trace. */
function expectRefusal(stderr: string, ...texts: (string | RegExp)[]): void {
  for (const text of texts) expect(stderr).toMatch(text);
  expect(stderr.match(/set-up failed:/g)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
}

/** Makes the child believe in another Node or platform. */
function pretend(change: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(change)}` };
}

describe('what cannot be had', () => {
  /** The failure, how it comes about, and what its message says. Everything but the native library gets ready. */
  const nativeFailures: [string, () => void, (string | RegExp)[]][] = [
    [
      'no python3',
      () => project.remove('python3'),
      [/python3 was not found/, /apt-get install python3 python3-pip/],
    ],
    [
      'python3 without pip',
      () => project.fake('python3', 'console.error("No module named pip"); process.exit(1);'),
      [/no working pip/, /No module named pip/, /apt-get install python3-pip/],
    ],
    [
      'no network',
      () =>
        project.fake(
          'python3',
          'if (args[2] === "download") { console.error("ERROR: Connection refused"); process.exit(1); }',
        ),
      [/could not download tensorflow-cpu==2\.21\.0/, /Connection refused/, /Check the network/],
    ],
    [
      'another file than the one that was built with',
      () => project.patchLibraries(/(cpu: \{[^}]*sha256: ')[0-9a-f]+'/, `$1${'0'.repeat(64)}'`),
      [/SHA-256 is {2}(?!0{64})[0-9a-f]{64}/, /should be {4}0{64}/, /has been deleted/],
    ],
    [
      'too little disk space',
      () => project.patchLibraries(/(cpu: \{[^}]*neededBytes: )[\d_]+/, '$19e18'),
      [/Not enough disk space in .*cache: .* are free/, /FASTER_RCNN_CACHE/],
    ],
    [
      'a disk that fills up during the download',
      () =>
        project.fake(
          'python3',
          'if (args[2] === "download") { console.error("OSError: [Errno 28] No space left on device"); process.exit(2); }',
        ),
      [/Not enough disk space/, /FASTER_RCNN_CACHE/],
    ],
    ['no compiler', () => project.remove('g++'), [/g\+\+ was not found/, /apt-get install g\+\+/]],
    [
      'a compiler that fails',
      () => project.fake('g++', 'console.error("x.cc:1: fatal error: no <string>"); process.exit(1);'),
      [/could not compile the binding/, /fatal error: no <string>/, /g\+\+ 7 or newer/],
    ],
    [
      'a binding that does not load',
      () => project.fake('g++', 'fs.writeFileSync(optionValue("-o"), "no addon");'),
      [/cannot be loaded on this machine/, /glibc 2\.27/],
    ],
  ];
  it.each(nativeFailures)(
    '%s: status 2, but the rest is ready and the launcher goes on',
    async (_what, arrange, texts) => {
      arrange();
      const outcome = await project.run();
      expect(outcome.status).toBe(2);
      expectRefusal(outcome.stderr, ...texts);
      expect(project.files('cache').filter((file) => /partial|lock|\.whl|pip/.test(file))).toEqual([]);
      const launched = await project.start('tools/rcnn.mjs', ['a', 'b', 'c']).outcome;
      expect(launched.status).toBe(3);
      expectRefusal(launched.stderr, ...texts, /Going on without it/, /ran a b c\n$/);
    },
  );

  const failures: [string, () => void, (string | RegExp)[]][] = [
    ['no npm', () => project.remove('npm'), [/npm was not found/, /nodejs\.org/]],
    [
      'npm fails',
      () => project.fake('npm', 'console.error("npm error code ENOTFOUND\\nnpm http x"); process.exit(1);'),
      [/npm ci failed:\n {4}npm error code ENOTFOUND\nCheck the network/],
    ],
    [
      'sources that do not compile',
      () => project.write('clone/src/cli.ts', 'wrong type'),
      [/do not compile/, /src\/cli\.ts\(1,1\): error TS2322/],
    ],
  ];
  it.each(failures)('%s: status 2, also from the launcher', async (_what, arrange, texts) => {
    arrange();
    for (const script of ['tools/setup/main.mjs', 'tools/rcnn.mjs']) {
      const outcome = await project.start(script, ['--quiet']).outcome;
      expect(outcome.status).toBe(2);
      expectRefusal(outcome.stderr, ...texts);
      expect(outcome.stderr).not.toMatch(/ran /);
    }
  });

  it.each(['18.20.0', '20.18.3'])('Node %s', async (version) => {
    const change = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
    const outcome = await project.run([], pretend(change));
    expect(outcome.status).toBe(2);
    expectRefusal(outcome.stderr, `Node ${version} is not supported`, /Node 20\.19 or newer/, /Install Node/);
    expect(project.takeCalls()).toEqual([]);
  });

  it('another platform: everything but the native library, with a message that names WebAssembly', async () => {
    const darwin = pretend('Object.defineProperty(process, "platform", { value: "darwin" })');
    const outcome = await project.run([], darwin);
    expect(outcome.status).toBe(2);
    expectRefusal(outcome.stderr, /linux-x64 and linux-arm64 only; this is darwin-/, /WebAssembly/);
    expect(project.takeCalls().map((call) => call.split(' ')[0])).toEqual(['npm', 'tsc']);
    const launched = await project.start('tools/rcnn.mjs', ['a'], darwin).outcome;
    expect(launched).toMatchObject({ status: 1, stderr: 'ran a\n' });
  });

  it('a cache that cannot be written', async () => {
    project.write('file', '');
    const outcome = await project.run([], { FASTER_RCNN_CACHE: path.join(project.folder, 'file', 'cache') });
    expect(outcome.status).toBe(2);
    expectRefusal(outcome.stderr, /taken by a file/, /FASTER_RCNN_CACHE/);
  });

  it('a cache where the system has no new folders', async () => {
    const outcome = await project.run([], { FASTER_RCNN_CACHE: '/proc/cache' });
    expect(outcome.status).toBe(2);
    expectRefusal(outcome.stderr, /\/proc\/cache cannot be made/, /FASTER_RCNN_CACHE/);
  });

  it('an unknown option', async () => {
    const outcome = await project.run(['--cuda']);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toMatch(/Unknown option '--cuda'[^]*--help/);
  });
});

describe('a clone and a cache that another user has set up', () => {
  /** Root may write everywhere. */
  const other = pretend('if (process.getuid() === 0) process.setuid(65534)');
  const setModes = (file: number, folder: number): void => {
    const entries = fs.readdirSync(project.folder, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const name = path.join(entry.parentPath, entry.name);
      if (!entry.isSymbolicLink()) fs.chmodSync(name, entry.isDirectory() ? folder : file);
    }
    fs.chmodSync(project.folder, folder);
  };
  beforeEach(async () => {
    expect(await project.run()).toMatchObject({ status: 0 });
    setModes(0o555, 0o555);
  });
  afterEach(() => setModes(0o644, 0o755));

  it('can be used, also where it has been copied since', async () => {
    const later = new Date(Date.now() + 60_000);
    fs.utimesSync(path.join(project.root, 'src/cli.ts'), later, later);
    expect(await project.run([], other)).toMatchObject({ status: 0 });
    expect(await project.start('tools/rcnn.mjs', ['x'], other).outcome).toMatchObject({ stderr: 'ran x\n' });
  });

  it.each([
    ['src/cli.ts', /the sources are to be compiled anew, and you must not write to .*dist/],
    [
      'package-lock.json',
      /the npm packages are to be installed anew, and you must not write to .*node_modules/,
    ],
  ])('where %s has changed: who can set it up', async (name, reason) => {
    const file = path.join(project.root, name);
    fs.chmodSync(file, 0o644);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/1\.0\.0|reads?/, '2.0.0'));
    fs.chmodSync(project.cache, 0o777);
    const outcome = await project.run([], other);
    expect(outcome.status).toBe(2);
    expectRefusal(outcome.stderr, reason, /Run set-up as that user, or clone/);
  });
});
