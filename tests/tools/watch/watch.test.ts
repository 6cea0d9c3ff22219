import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventFile } from '../../../detection/engine/writers/tensorboard/event-file';
import { summaryEvent, versionEvent } from '../../../detection/engine/writers/tensorboard/events';
import { imageValue, scalarValue } from '../../../detection/engine/writers/tensorboard/summaries';
import { withRunLock } from '../../../tools/run/folder/run-lock';
import { FollowedMetrics } from '../../../tools/watch/followed-metrics';
import { FollowedPictures } from '../../../tools/watch/followed-pictures';
import { watchRun } from '../../../tools/watch/run-watch';
import { rejectionOf } from '../../thrown';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'watch-'));
  writeFileSync(at('config.yaml'), 'iterations: 10\nmodel:\n  name: fasterrcnn_<b>\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

function at(name: string): string {
  return path.join(folder, name);
}

function row(iteration: number, more: object = {}): string {
  const losses = { lr: 0.1, loss_a: 0.25, total_loss: 1 / iteration, peak_memory_bytes: 2e9, seconds: 2 };
  return `${JSON.stringify({ iteration, ...losses, ...more })}\n`;
}

test('metrics are followed: pieces of lines, steps that a resumed run does again, another file', () => {
  const followed = new FollowedMetrics(at('metrics.jsonl'));
  const steps = (): number[] => followed.metrics.rows.map(({ iteration }) => iteration);
  expect(followed.update()).toBe(false);
  const second = Buffer.from(row(2, { 'val/AP/1 ä': 0.5 }));
  const cut = second.indexOf('ä') + 1;
  writeFileSync(at('metrics.jsonl'), Buffer.concat([Buffer.from(row(1)), second.subarray(0, cut)]));
  expect([followed.update(), steps()]).toEqual([true, [1]]);
  expect(followed.update()).toBe(false);
  appendFileSync(at('metrics.jsonl'), second.subarray(cut));
  expect([followed.update(), steps()]).toEqual([true, [1, 2]]);
  expect(followed.metrics.points('val/AP/1 ä')).toEqual([{ x: 2, y: 0.5 }]);
  appendFileSync(at('metrics.jsonl'), row(3) + row(2));
  expect([followed.update(), steps()]).toEqual([true, [1, 2]]);
  writeFileSync(at('metrics.jsonl'), row(1));
  expect([followed.update(), steps()]).toEqual([true, [1]]);
});

function picture(step: number, name: string, text: string): Buffer {
  const image = imageValue(`val/picture/${name}`, 2, 1, Buffer.from(text));
  return summaryEvent(0, step, [scalarValue('total_loss', 1), image]);
}

test('the last of each validation picture, from all event files, as far as records are whole', () => {
  const followed = new FollowedPictures(folder);
  expect(followed.update()).toBe(false);
  const file = new EventFile(folder);
  file.append(versionEvent(0));
  file.append(picture(1, 'a.jpg', 'first'));
  file.append(picture(1, 'b.jpg', 'other'));
  expect(followed.update()).toBe(true);
  file.append(summaryEvent(0, 2, [scalarValue('total_loss', 1)]));
  expect(followed.update()).toBe(false);
  file.close();
  const later = new EventFile(folder);
  later.append(picture(3, 'a.jpg', 'second'));
  later.close();
  expect(followed.update()).toBe(true);
  expect(followed.pictures).toEqual([
    { name: 'a.jpg', step: 3, encoded: Buffer.from('second') },
    { name: 'b.jpg', step: 1, encoded: Buffer.from('other') },
  ]);
});

test('the page, and what is told while the run goes on', async () => {
  writeFileSync(at('metrics.jsonl'), row(1));
  const events = new EventFile(folder);
  events.append(picture(1, '<i>.jpg', 'a picture'));
  await withRunLock(folder, async () => {
    const server = await watchRun(folder, 0);
    try {
      const page = await (await fetch(server.url)).text();
      expect(page).toContain('fasterrcnn_&lt;b&gt;');
      expect(page).toContain('&lt;i&gt;.jpg, iteration 1');
      for (const part of ['going on', '1 / 10', '18.0 s', '2.00 GB', 'loss_a']) expect(page).toContain(part);
      const shown = await fetch(`${server.url}pictures/0?1`);
      expect([shown.headers.get('content-type'), await shown.text()]).toEqual(['image/png', 'a picture']);
      expect((await fetch(`${server.url}pictures/1`)).status).toBe(404);

      const stream = (await fetch(`${server.url}events`)).body!.getReader();
      appendFileSync(at('metrics.jsonl'), row(2));
      let told = '';
      while (!told.includes('data: ')) told += Buffer.from((await stream.read()).value!).toString();
      expect(told).toContain('2 / 10');
      await stream.cancel();
    } finally {
      await server.close();
    }
  });
  events.close();
});

test('a run that is stopped, one without a step, and none at all', async () => {
  const server = await watchRun(folder, 0);
  expect(await (await fetch(server.url)).text()).toContain('no step yet, and is not going on');
  writeFileSync(at('metrics.jsonl'), row(9));
  expect(await (await fetch(server.url)).text()).toContain('stopped');
  appendFileSync(at('metrics.jsonl'), row(10));
  expect(await (await fetch(server.url)).text()).toContain('<dd>done</dd>');
  await server.close();
  expect(await rejectionOf(watchRun(at('elsewhere'), 0))).toMatchObject({ code: 'no-run' });
});
