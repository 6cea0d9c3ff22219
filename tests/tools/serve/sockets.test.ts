import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { loadBackend } from '../../../detection/backend/node';
import { until } from '../../until';
import { Printed } from '../cli/printed';
import { formWith, paintedFile, paintedService, type PaintedService } from './painted-service';

let painted: PaintedService;
let port: number;
const printed = new Printed();

beforeAll(() => loadBackend());
beforeEach(async () => {
  painted = await paintedService();
  await painted.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = painted.app.server.address() as AddressInfo);
});
afterEach(async () => {
  await painted.app.close();
  expect(printed.stderr).toBe('');
});

function post(body: Buffer): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/detect`, { method: 'POST', body: new Uint8Array(body) });
}

/** A request that is sent as far as `bytes` go, of a body that claims to be longer. */
async function begin(
  bytes: Buffer,
  headers: Record<string, string> = {},
  length = bytes.length,
): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const lines = Object.entries({ Host: 'x', 'Content-Length': length, ...headers }).map((line) =>
    line.join(': '),
  );
  socket.write(`POST /detect HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  socket.write(bytes);
  return socket;
}

async function metric(name: string): Promise<number> {
  const body = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(body)?.[1]);
}

test('requests that are given up leave nothing: while they are sent, wait, and are at work', async () => {
  const bytes = await paintedFile();
  const form = formWith(bytes, 'a.png');
  const sending = [
    await begin(bytes.subarray(0, 50), {}, bytes.length),
    await begin(form.payload.subarray(0, 220), form.headers, form.payload.length),
  ];
  await until(() => painted.service.taken === 2);
  for (const socket of sending) socket.destroy();
  await until(() => painted.service.taken === 0);
  expect(painted.detector.batches).toEqual([]);

  const release = painted.detector.hold();
  const working = await begin(bytes);
  await until(() => painted.detector.batches.length === 1);
  const waiting = await begin(bytes);
  await until(() => painted.service.taken === 2);
  const stays = post(bytes);
  await until(() => painted.service.taken === 3);
  waiting.destroy();
  working.destroy();
  await until(() => painted.service.taken === 1);
  expect(await metric('rcnn_queue_length')).toBe(1);
  release();
  expect((await stays).status).toBe(200);
  expect(painted.detector.batches.map((batch) => batch.length)).toEqual([1, 1]);
  expect(await metric('rcnn_requests_total{status="499"}'.replace(/[{}]/g, '\\$&'))).toBe(4);
});

test('a service that stops answers what it has, and closes the connections', async () => {
  const release = painted.detector.hold();
  const answer = post(await paintedFile());
  await until(() => painted.detector.batches.length === 1);
  painted.service.isStopping = true;
  const closed = painted.app.close();
  release();
  const { status, headers } = await answer;
  expect([status, headers.get('connection')]).toEqual([200, 'close']);
  await closed;
  await expect(post(await paintedFile())).rejects.toThrow();
});

test('a request has so long to arrive, and no longer for its headers: Node takes the larger of both for all of it', () => {
  const { requestTimeout, headersTimeout } = painted.app.server;
  expect([requestTimeout, headersTimeout]).toEqual([30_000, 30_000]);
});
