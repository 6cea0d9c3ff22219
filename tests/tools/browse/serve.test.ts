import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { browsePage } from '../../../tools/browse/page';
import { servePage } from '../../../tools/browse/serve';
import { requirePort, type LoopbackServer } from '../../../tools/loopback/loopback-server';
import { rejectionOf } from '../../thrown';
import { describeChromium, TestBrowser } from '../chromium';

let folder = '';
let server: LoopbackServer;

const page = {
  id: '1',
  file: 'a.png',
  width: 600,
  height: 300,
  objects: [],
  detections: [],
  problems: [],
};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'serve-'));
  const file = path.join(folder, 'a.png');
  await sharp({ create: { width: 600, height: 300, channels: 3, background: '#a53' } })
    .png()
    .toFile(file);
  const pictures = [
    { page, file },
    { page: { ...page, isMissing: true }, file: undefined },
    { page, file: path.join(folder, 'gone.png') },
  ];
  const data = { title: 'set', subtitle: '', categories: [], notes: [], looseProblems: [] };
  const shown = browsePage({ ...data, pictures: pictures.slice(0, 2).map((each) => each.page) }, undefined);
  server = await servePage(shown, pictures, 0);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly body: Buffer;
}

/** The path goes out as it is: fetch would put it right. */
function get(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: target, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
    })
      .on('error', reject)
      .end();
  });
}

test('the page, and pictures by their place, small and whole', async () => {
  expect((await get('/')).body.toString()).toContain('<title>set</title>');
  const sizes = await Promise.all(
    ['/thumbnails/0', '/pictures/0'].map(async (target) => {
      const { width, height, format } = await sharp((await get(target)).body).metadata();
      return { width, height, format };
    }),
  );
  expect(sizes).toEqual([
    { width: 400, height: 200, format: 'jpeg' },
    { width: 600, height: 300, format: 'jpeg' },
  ]);
});

test.each([
  '/pictures/1',
  '/pictures/2',
  '/pictures/3',
  '/pictures/-1',
  '/pictures/0/',
  '/pictures/0?x',
  '/pictures/a.png',
  '/pictures/../a.png',
  '/../../etc/passwd',
  '/%2e%2e/a.png',
  '/a.png',
])('nothing else: %s', async (target) => {
  expect((await get(target)).status).toBe(404);
});

test('neither under another name, as after DNS rebinding, nor to change anything', async () => {
  const { port } = new URL(server.url);
  expect((await get('/', { host: `evil.example:${port}` })).status).toBe(403);
  expect((await get('/pictures/0', { host: 'evil.example' })).status).toBe(403);
  expect((await get('/', { host: `localhost:${port}` })).status).toBe(200);
  expect((await get('/', {}, 'POST')).status).toBe(405);
});

test('a port that is in use is refused', async () => {
  const port = Number(new URL(server.url).port);
  expect(await rejectionOf(servePage('', [], port))).toMatchObject({
    code: 'port-refused',
    facts: { port },
  });
  expect(await rejectionOf(requirePort(port, '--serve'))).toMatchObject({ code: 'port-refused' });
  await requirePort(0, '--serve');
});

describeChromium('served to a browser', () => {
  const browser = new TestBrowser();

  test('pictures come from the server, and nothing else is asked for', async () => {
    const shown = await browser.open(server.url);
    await shown.keyboard.press('Enter');
    await shown.waitForLoadState('networkidle');
    expect(browser.requests).toEqual([`${server.url}thumbnails/0`, `${server.url}pictures/0`]);
    expect(browser.complaints).toEqual([]);
    await shown.close();
  });
});
