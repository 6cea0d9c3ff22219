import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { download, DownloadError, type DownloadOptions } from '../../../weights/published/download';
import { breaking, DownloadServer, saying, serving } from './download-server';
import { temporaryFolder } from '../formats/weight-files';
import { sha256Prefix } from '../../../weights/published/zoo';
import { rejectionOf } from '../../thrown';

const folder = temporaryFolder();
const server = new DownloadServer();

const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i * 7 + (i >> 8)) % 251));
const other = Buffer.from(content.map((value) => 255 - value));
const published = {
  file: `weights-${createHash('sha256').update(content).digest('hex').slice(0, 8)}.pth`,
  mebibytes: content.length / 2 ** 20,
};
const timing = { stall: 60, firstRetry: 0.01 };
const target = (): string => folder.in(path.join('cache', published.file));
const left = (): string[] => readdirSync(folder.in('cache'));
const get = (options: DownloadOptions = {}): Promise<void> =>
  download(published, `${server.url}/${published.file}`, target(), { timing, ...options });

/** The DownloadError that it ends with. */
async function refusal(options?: DownloadOptions): Promise<unknown> {
  const error = await rejectionOf(get(options));
  expect(error).toBeInstanceOf(DownloadError);
  expect(existsSync(target())).toBe(false);
  return error;
}

/** The number of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

function leaveBehind(bytes: Uint8Array, pid: number): string {
  mkdirSync(folder.in('cache'), { recursive: true });
  const name = `${target()}.${os.hostname()}.${pid}.partial`;
  writeFileSync(name, bytes);
  return name;
}

test('a whole file, with progress, and nothing beside it', async () => {
  server.answering(serving(content));
  const seen: number[][] = [];
  await get({ onProgress: (...numbers) => seen.push(numbers) });
  expect(readFileSync(target()).equals(content)).toBe(true);
  expect(left()).toEqual([published.file]);
  expect(seen.at(-1)).toEqual([content.length, content.length]);
  expect(seen.every(([done], i) => i === 0 || done > seen[i - 1][0])).toBe(true);
  expect(server.ranges).toEqual([undefined]);
});

test('without a length the size is the published one', async () => {
  server.answering((_, response) => void response.write(content, () => response.end()));
  await get();
  expect(readFileSync(target()).equals(content)).toBe(true);
});

test('a transfer that breaks off goes on where it ended', async () => {
  server.answering(breaking(content, 100_000), saying(503), breaking(content, 50_000), serving(content));
  const retries: string[] = [];
  await get({ onRetry: (reason) => retries.push(reason) });
  expect(readFileSync(target()).equals(content)).toBe(true);
  const [first, second, third, fourth] = server.ranges.map((range) =>
    Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0),
  );
  expect(first).toBe(0);
  expect(second).toBeGreaterThan(0);
  expect(second).toBeLessThanOrEqual(100_000);
  expect(third).toBe(second);
  expect(fourth).toBeGreaterThan(third);
  expect(fourth).toBeLessThanOrEqual(150_000);
  expect(retries[1]).toBe('the server answers 503 Service Unavailable');
  expect(retries).toHaveLength(3);
});

test('a server that falls silent is asked again', async () => {
  server.answering(
    (_, response) =>
      void response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 7)),
    serving(content),
  );
  const retries: string[] = [];
  await get({ timing: { ...timing, stall: 1 }, onRetry: (reason) => retries.push(reason) });
  expect(retries).toEqual(['nothing came for 1 s']);
  expect(server.ranges).toEqual([undefined, 'bytes=7-']);
  expect(readFileSync(target()).equals(content)).toBe(true);
});

test.each<[string, Parameters<typeof server.answering>, (string | undefined)[]]>([
  [
    'ignores ranges',
    [(_, response) => void response.writeHead(200, { 'content-length': content.length }).end(content)],
    ['bytes=1000-'],
  ],
  [
    'sends another part than it was asked for',
    [saying(206, { 'content-range': `bytes 0-9/${content.length}` }, '0123456789'), serving(content)],
    ['bytes=1000-', undefined],
  ],
  [
    'says that the part does not exist',
    [saying(416, { 'content-range': 'bytes */17' }), serving(content)],
    ['bytes=1000-', undefined],
  ],
])('a server that %s: from the beginning', async (_, answers, ranges) => {
  leaveBehind(content.subarray(0, 1000), endedProcess());
  server.answering(...answers);
  await get();
  expect(readFileSync(target()).equals(content)).toBe(true);
  expect(server.ranges).toEqual(ranges);
  expect(left()).toEqual([published.file]);
});

test('a process that ended leaves its part to the next, one that runs does not', async () => {
  leaveBehind(content.subarray(0, 1000), endedProcess());
  leaveBehind(content.subarray(0, 5000), endedProcess());
  const running = leaveBehind(content.subarray(0, 9000), process.ppid);
  server.answering(serving(content));
  await get();
  expect(server.ranges).toEqual(['bytes=5000-']);
  expect(left().sort()).toEqual([published.file, path.basename(running)]);
});

test('what was whole already is only checked', async () => {
  leaveBehind(content, endedProcess());
  server.answering(serving(content));
  await get();
  expect(readFileSync(target()).equals(content)).toBe(true);
  expect(server.ranges).toEqual([`bytes=${content.length}-`]);
});

test('parts of two files are noticed, and it starts anew', async () => {
  leaveBehind(other.subarray(0, 1000), endedProcess());
  server.answering(serving(content));
  const retries: string[] = [];
  await get({ onRetry: (reason) => retries.push(reason) });
  expect(retries).toEqual(['the pieces do not fit together']);
  expect(readFileSync(target()).equals(content)).toBe(true);
});

test('another file than the published one is refused and removed', async () => {
  server.answering(serving(other));
  const sha256 = createHash('sha256').update(other).digest('hex');
  const expected = sha256Prefix(published);
  expect(await refusal()).toMatchObject({ code: 'download-checksum', facts: { sha256, expected } });
  expect(left()).toEqual([]);
});

test.each([
  ['is not there', saying(404), 'download-refused', { status: 404 }],
  ['is a page of a portal', saying(200, {}, '<html>Log in</html>'), 'download-given-up', { attempts: 5 }],
  [
    'has another size',
    saying(200, { 'content-length': '6' }, '<html>'),
    'download-size',
    { bytes: 6, mebibytes: published.mebibytes },
  ],
  ['is never sent', saying(500), 'download-given-up', { attempts: 5 }],
])('a file that %s', async (_, answer, code, facts) => {
  server.answering(answer);
  const url = `${server.url}/${published.file}`;
  expect(await refusal()).toMatchObject({ code, file: target(), facts: { url, ...facts } });
});

test('a server that does not stop', async () => {
  server.answering((_, response) => {
    const more = (): unknown => response.destroyed || response.write(other, () => setImmediate(more));
    more();
  });
  const limit = 2 * content.length;
  expect(await refusal()).toMatchObject({ code: 'download-endless', facts: { limit } });
});

test('no server at all: at once, with the reason', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const url = `http://127.0.0.1:${port}/w`;
  const error = await rejectionOf(download(published, url, target()));
  expect(error).toBeInstanceOf(DownloadError);
  const reason = `connect ECONNREFUSED 127.0.0.1:${port}`;
  expect(error).toMatchObject({ code: 'download-unreachable', facts: { url, reason } });
});

test('a place that cannot be written to', async () => {
  folder.write('cache', content); // a file, where a folder is to be
  expect(await refusal()).toMatchObject({ code: 'download-unwritable', cause: { code: 'EEXIST' } });
});

test('stopped by the user: what has come stays', async () => {
  server.answering(
    (_, response) =>
      void response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1234)),
  );
  const stop = new AbortController();
  const reason = new Error('stopped');
  await expect(get({ signal: stop.signal, onProgress: () => stop.abort(reason) })).rejects.toBe(reason);
  server.answering(serving(content));
  await get();
  expect(server.ranges).toEqual(['bytes=1234-']);
});

/** A process of its own that downloads, and prints bytes as they come. */
function start(): ChildProcessByStdio<null, Readable, null> {
  const root = path.resolve(__dirname, '..', '..', '..');
  const [tsNode, source] = ['node_modules/ts-node', 'weights/published/download.ts'].map((name) =>
    path.join(root, name),
  );
  const code = `
    require(${JSON.stringify(tsNode)}).register({ swc: true, cwd: ${JSON.stringify(root)} });
    const { download } = require(${JSON.stringify(source)});
    const onProgress = (done) => console.log(done);
    download(${JSON.stringify(published)}, ${JSON.stringify(server.url)}, ${JSON.stringify(target())}, { onProgress });`;
  return spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('processes at the same time do not meet; one that is killed leaves its part to a later one', async () => {
  const held: ServerResponse[] = [];
  server.answering((_, response) => {
    response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 10_000));
    held.push(response);
  });
  const processes = [start(), start(), start()];
  await Promise.all(
    processes.map(
      ({ stdout }) =>
        new Promise<void>((resolve) => {
          let printed = '';
          stdout.on('data', (text) => (printed += String(text)).includes('10000\n') && resolve());
        }),
    ),
  );
  expect(left()).toHaveLength(3);
  const ends = processes.map((child) => once(child, 'exit'));
  processes[0].kill('SIGKILL');
  await ends[0];
  for (const response of held) response.end(content.subarray(10_000));
  expect(await Promise.all(ends.slice(1))).toEqual([
    [0, null],
    [0, null],
  ]);
  expect(readFileSync(target()).equals(content)).toBe(true);
  expect(left()).toHaveLength(2);

  server.answering(serving(content));
  await get();
  expect(server.ranges).toEqual(['bytes=10000-']);
  expect(left()).toEqual([published.file]);
});
