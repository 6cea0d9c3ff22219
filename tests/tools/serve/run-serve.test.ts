import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import { DetectorDeath, DetectorThread } from '../../../tools/serve/detector-thread';
import { runServe, type ServeJob } from '../../../tools/serve/run-serve';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { rejectionOf } from '../../thrown';
import { until } from '../../until';
import { Printed } from '../cli/printed';
import { paintedFile } from './painted-service';

let folder: string;
const printed = new Printed();

beforeAll(async () => {
  await loadBackend();
  folder = mkdtempSync(path.join(tmpdir(), 'run-serve-'));
  const model = createDetector('fasterrcnn_tiny_fpn', { categories: ['plate'], norm: 'batch' });
  saveDetector(model, weights());
  model.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));

function weights(): string {
  return path.join(folder, 'tiny.safetensors');
}

function unexpected(what: unknown): never {
  throw new Error(`unexpected: ${String(what)}`);
}

function job(changes: Partial<ServeJob> = {}): ServeJob {
  return {
    host: '127.0.0.1',
    port: 0,
    limits: { maxPictures: 4, maxBytes: 10_000, batchSize: 2, timeoutSeconds: 60 },
    detector: { weights: weights(), given: {}, inference: { batchSize: 2 } },
    ...changes,
  };
}

test('from the start to Ctrl-C, with the detector in a thread of its own', async () => {
  let url = '';
  const done = runServe(job(), (address) => (url = address));
  try {
    await Promise.race([until(() => url !== ''), done]);
    const answer = await fetch(`${url}/detect`, {
      method: 'POST',
      body: new Uint8Array(await paintedFile()),
    });
    const entry: unknown = await answer.json();
    expect(entry).toMatchObject({ width: 96, height: 64, detections: expect.any(Array) as unknown });
    const port = Number(new URL(url).port);
    expect(await rejectionOf(runServe(job({ port }), unexpected))).toMatchObject({
      code: 'port-refused',
      message: expect.stringContaining(`--port ${port}`) as string,
    });
  } finally {
    process.emit('SIGTERM');
    await done;
  }
  await expect(fetch(`${url}/health`)).rejects.toThrow();
  expect(printed.stderr).toBe('');
});

test('a thread that ends by itself is replaced; one that cannot open its detector says why', async () => {
  const deaths: string[] = [];
  const listeners = { onDeath: (cause: string) => void deaths.push(cause), onFailure: unexpected };
  const thread = new DetectorThread(job().detector, listeners);
  await thread.open();
  try {
    // JSON has no such numbers: it ends as by a fault of the program.
    const name = 1n as never;
    const bytes = new Uint8Array(await paintedFile());
    expect(await rejectionOf(thread.detect([{ name, bytes }]))).toBeInstanceOf(DetectorDeath);
    expect(thread.isReady).toBe(false);
    expect(deaths).toEqual([expect.stringContaining('BigInt')]);
    const { answers } = await thread.detect([{ name: 'a', bytes: new Uint8Array(await paintedFile()) }]);
    expect(answers).toEqual([{ json: expect.stringContaining('"file":"a"') as string }]);
    expect(thread.isReady).toBe(true);
  } finally {
    await thread.close();
  }

  const gone = { ...job().detector, weights: path.join(folder, 'gone.safetensors') };
  expect(await rejectionOf(runServe(job({ detector: gone }), unexpected))).toMatchObject({
    name: 'InputError',
    message: expect.stringContaining('gone.safetensors') as string,
  });
});
