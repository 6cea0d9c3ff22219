import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { runDetect } from '../../../tools/detect/run-detect';
import { paintDetector } from '../../datasets/inference/paint-detector';
import { until } from '../../until';
import { Printed } from '../cli/printed';
import {
  formWith,
  paintCategories,
  paintedFile,
  paintedService,
  type PaintedService,
} from './painted-service';

let painted: PaintedService;
const printed = new Printed();

beforeAll(() => loadBackend());
beforeEach(async () => {
  painted = await paintedService();
});
afterEach(async () => {
  expect(painted.service.taken).toBe(0);
  await painted.app.close();
  // A fault of the program would be told here.
  expect(printed.stderr).toBe('');
});

function post(payload: Buffer | undefined, headers: Record<string, string> = {}) {
  return painted.app.inject({ method: 'POST', url: '/detect', payload, headers });
}

/** The value of a metric. */
async function metric(name: string): Promise<number> {
  const { body } = await painted.app.inject('/metrics');
  const line = body.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

test('the answer is the entry that rcnn detect --json writes', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'serve-'));
  const [file, json] = [path.join(folder, 'a.png'), path.join(folder, 'found.json')];
  const bytes = await paintedFile(3);
  writeFileSync(file, bytes);
  const open = () => Promise.resolve({ model: paintDetector(64), categories: paintCategories });
  await runDetect({ paths: [file], json }, open);
  const [entry] = JSON.parse(readFileSync(json, 'utf8')) as { detections: object[] }[];
  rmSync(folder, { recursive: true });
  expect(entry.detections).toHaveLength(3);
  printed.clear();

  const numTensors = tf.memory().numTensors;
  const form = formWith(bytes, 'a.png');
  const inForm = await post(form.payload, form.headers);
  expect(inForm.statusCode).toBe(200);
  expect(inForm.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(inForm.json()).toEqual({ ...entry, file: 'a.png' });
  // What senders call it does not matter.
  for (const type of ['image/png', 'application/x-www-form-urlencoded', 'application/json', undefined]) {
    const bare = await post(bytes, type === undefined ? {} : { 'content-type': type });
    expect(bare.json()).toEqual({ ...entry, file: '' });
  }
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(await metric('rcnn_tensors')).toBe(numTensors);
  expect(await metric('rcnn_requests_total{status="200"}')).toBe(5);
});

test('what is no picture, or too large, is refused, with a code of docs/errors.md', async () => {
  const bomb = Buffer.from(await paintedFile());
  bomb.writeUInt32BE(40_000, 16);
  bomb.writeUInt32BE(40_000, 20);
  const damagedForm = { 'content-type': 'multipart/form-data; boundary=x' };
  const cases: [Buffer | undefined, Record<string, string>, number, string][] = [
    [undefined, {}, 400, 'no-picture'],
    [Buffer.from('--x--\r\n'), damagedForm, 400, 'no-picture'],
    [
      Buffer.from('--x\r\nContent-Disposition: form-data; filename="a"\r\n\r\nabc'),
      damagedForm,
      400,
      'no-picture',
    ],
    [Buffer.from('abc'), { 'content-type': 'multipart/form-data' }, 400, 'no-picture'],
    [Buffer.alloc(10_001), {}, 413, 'too-large'],
    [formWith(Buffer.alloc(10_001), 'a').payload, damagedForm, 413, 'too-large'],
    [Buffer.from('no picture'), {}, 422, 'picture-unknown-type'],
    [formWith(Buffer.alloc(0), 'a').payload, damagedForm, 422, 'picture-empty'],
    [(await paintedFile()).subarray(0, 100), {}, 422, 'picture-damaged'],
    [
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      {},
      422,
      'picture-unknown-type',
    ],
    [bomb, {}, 422, 'picture-too-large'],
  ];
  for (const [payload, headers, status, code] of cases) {
    const answer = await post(payload, headers);
    expect([answer.statusCode, answer.json()]).toEqual([
      status,
      { code, message: expect.not.stringContaining('in memory') as string },
    ]);
  }
});

test('a broken picture does not harm those that share its batch', async () => {
  const release = painted.detector.hold();
  const answers = [Buffer.from('no picture'), await paintedFile(2), await paintedFile(1)].map((bytes) =>
    post(bytes),
  );
  await until(() => painted.detector.batches.length > 0);
  release();
  expect((await Promise.all(answers)).map(({ statusCode }) => statusCode)).toEqual([422, 200, 200]);
  expect(painted.detector.batches.map((batch) => batch.length)).toEqual([3]);
});

test('a full service says so at once, and answers what it has', async () => {
  const release = painted.detector.hold();
  const bytes = await paintedFile();
  const answers = [1, 2, 3].map(() => post(bytes));
  await until(() => painted.service.taken === 3);
  const refused = await post(bytes);
  expect([refused.statusCode, refused.headers['retry-after'], refused.json<{ code: string }>().code]).toEqual(
    [503, '1', 'busy'],
  );
  expect((await painted.app.inject('/health')).statusCode).toBe(200);
  expect(await metric('rcnn_pictures')).toBe(3);
  release();
  expect((await Promise.all(answers)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
});

test('a request that takes too long gets an answer, and leaves nothing', async () => {
  await painted.app.close();
  painted = await paintedService({ timeoutSeconds: 0.05 });
  const release = painted.detector.hold();
  const [working, waiting] = await Promise.all([1, 2].map(async () => post(await paintedFile())));
  for (const answer of [working, waiting]) {
    expect([answer.statusCode, answer.headers['retry-after'], answer.json<{ code: string }>().code]).toEqual([
      503,
      '1',
      'timed-out',
    ]);
  }
  expect(await metric('rcnn_queue_length')).toBe(0);
  release();
});

test('alive, ready, and neither while the detector is loaded or the service is stopped', async () => {
  const ready = async () => {
    const answer = await painted.app.inject('/ready');
    return [answer.statusCode, answer.headers['retry-after']];
  };
  expect(await ready()).toEqual([200, undefined]);
  painted.detector.isReady = false;
  expect(await ready()).toEqual([503, '1']);
  expect((await post(await paintedFile())).json()).toMatchObject({ code: 'not-ready' });
  painted.detector.isReady = true;
  painted.service.isStopping = true;
  expect((await ready())[0]).toBe(503);
  const refused = await post(await paintedFile());
  expect(refused.json()).toMatchObject({ code: 'stopping' });
  expect(refused.headers['connection']).toBe('close');
  expect((await painted.app.inject('/health')).statusCode).toBe(200);
});

test('what there is besides: OpenAPI, metrics, and a word about anything else', async () => {
  const api = (await painted.app.inject('/openapi.json')).json<{
    info: object;
    paths: Record<string, object>;
  }>();
  expect(api.info).toMatchObject({ version: '1.2.3' });
  expect(Object.keys(api.paths).sort()).toEqual(['/detect', '/health', '/metrics', '/ready']);
  const { post: detect } = api.paths['/detect'] as {
    post: { requestBody: { content: object }; responses: object };
  };
  expect(Object.keys(detect.requestBody.content)).toContain('multipart/form-data');
  expect(Object.keys(detect.responses)).toEqual(['200', '400', '413', '422', '500', '503']);
  expect((await painted.app.inject('/metrics')).headers['content-type']).toMatch(/^text\/plain/);
  for (const [method, url] of [
    ['GET', '/'],
    ['GET', '/detect'],
    ['PUT', '/detect'],
    ['GET', '/../etc/passwd'],
  ] as const) {
    const answer = await painted.app.inject({ method, url });
    expect([answer.statusCode, answer.json()]).toEqual([
      404,
      { code: 'not-found', message: expect.stringContaining('POST /detect') as string },
    ]);
  }
});
