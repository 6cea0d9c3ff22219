import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { fasterRcnnModel } from '../../../detection/modeling/definitions/faster-rcnn';
import { main, runCommand } from '../../../tools/cli/main';
import { Progress } from '../../../tools/terminal/progress';
import { writePytorch } from '../../../weights/formats/pytorch/pytorch-writer';
import { readSafetensors } from '../../../weights/formats/safetensors-file';
import { currentTorchvisionName } from '../../../weights/formats/torchvision-names';
import { saveStateDict } from '../../../weights/state-dict';
import type { PublishedWeights } from '../../../detection/modeling/detector';
import { until } from '../../until';
import { breaking, DownloadServer, saying, serving } from '../../weights/published/download-server';
import { legacyName, publish, withSmallVariances } from './published-weights';
import { Workplace } from './workplace';

const workplace = new Workplace('tiny');
const server = new DownloadServer();
const MODEL = 'fasterrcnn_tiny_fpn';
/** COCO's id of stop signs, after the first gap. */
const SURE_OF = 13;
let content: Buffer;
let published: PublishedWeights;

beforeAll(() => {
  const model = fasterRcnnModel(MODEL).build({ numClasses: 90, norm: 'frozen', seed: 1, trainableLayers: 0 });
  // As it starts, it is sure of nothing.
  const bias = model.stateDict().get('roi_heads.box_predictor.cls_score.bias');
  const logits = Array.from({ length: 91 }, (_, label) => (label === SURE_OF ? 6 : 0));
  tf.tidy(() => bias?.fromDisk(tf.tensor1d(logits)));
  const entries = [...withSmallVariances(saveStateDict(model))].map(([name, tensor]) => [
    legacyName(name),
    tensor,
  ]);
  model.dispose();
  const file = workplace.at('coco.pth');
  writePytorch(file, new Map(entries as [string, never][]));
  content = readFileSync(file);
});
beforeEach(() => {
  published = publish(MODEL, content);
  jest.replaceProperty(process, 'env', {
    ...process.env,
    FASTER_RCNN_CACHE: workplace.at('cache'),
    FASTER_RCNN_WEIGHTS_URL: `${server.url}/`,
  });
  server.answering(saying(404));
});

const cached = (): string => workplace.at('cache', 'weights', published.file);
const configuration = (run: string): string => readFileSync(path.join(run, 'config.yaml'), 'utf8');

/** What a detector finds in a picture, as JSON. */
async function found(...weights: string[]): Promise<string> {
  const [json, picture] = [workplace.at('found.json'), path.join(workplace.scenes, 'images', '000001.jpg')];
  rmSync(json, { force: true });
  const status = await main(['detect', '--score-threshold', '0', '--json', json, ...weights, picture]);
  expect([status, status === 0 ? '' : workplace.stderr]).toEqual([0, '']);
  return readFileSync(json, 'utf8');
}

test('published weights are downloaded once; a copy, and what convert makes of it, are known as theirs', async () => {
  server.answering(breaking(content, 500_000), serving(content));
  const expected = await found('--model', MODEL, '--weights', 'COCO_V1');
  expect(server.ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d+-$/)]);
  expect(workplace.stderr).toContain(`downloading Test_Weights.COCO_V1 (`);
  expect(workplace.stderr).toContain(`trained on COCO) from ${server.url}/${published.file}\n`);
  expect(workplace.stderr).toMatch(/terms of their own\n.*; trying again in 1 s\n/s);
  const [{ detections }] = JSON.parse(expected) as { detections: { category_id: number }[] }[];
  expect(detections.length).toBeGreaterThan(5);
  expect(detections.every(({ category_id: id }) => id === SURE_OF)).toBe(true);
  expect(readdirSync(path.dirname(cached()))).toEqual([published.file]);

  server.answering(saying(404));
  expect(await found('--model', MODEL, '--weights', 'COCO_V1')).toBe(expected);
  const copy = workplace.at('copy.bin');
  copyFileSync(cached(), copy);
  expect(await found('--weights', copy)).toBe(expected);

  const converted = workplace.at('coco.safetensors');
  expect(await main(['convert', '--model', MODEL, 'COCO_V1', converted])).toBe(0);
  expect(await found('--weights', converted)).toBe(expected);
  const again = workplace.at('again.safetensors');
  expect(await main(['convert', converted, again])).toBe(0);
  expect(readFileSync(again).equals(readFileSync(converted))).toBe(true);

  const back = workplace.at('back.pth');
  expect(await main(['convert', converted, back])).toBe(0);
  expect(workplace.stderr).toContain(
    `back.pth: PyTorch’s format has no place for the model and the size of pictures; use it with --model ${MODEL} --min-size 320 --max-size 533 --norm-epsilon 0\n`,
  );
  expect(workplace.stderr).not.toContain('left out');
  expect(readFileSync(back).equals(content)).toBe(true);

  const bare = workplace.at(published.file); // as somebody may save them
  const { tensors } = readSafetensors(converted);
  writePytorch(bare, new Map([...tensors].map(([name, tensor]) => [currentTorchvisionName(name), tensor])));
  expect(await found('--model', MODEL, '--norm-epsilon', '0', '--weights', bare)).toBe(expected);
  expect(workplace.stderr).toContain(`${bare}: is not the file that torchvision publishes under this name\n`);
  expect(await found('--model', MODEL, '--weights', bare)).not.toBe(expected);
  expect(server.ranges).toEqual([]);
});

test('epsilon goes along with what is trained from them', async () => {
  mkdirSync(path.dirname(cached()), { recursive: true });
  writeFileSync(cached(), content); // put there by hand
  const first = workplace.at('first');
  expect(await workplace.train(first, '--iterations', '1', '--weights', 'COCO_V1')).toBe(0);
  expect(workplace.stderr).toContain(
    'of its predictor only the background and the categories of the same name',
  );
  expect(configuration(first)).toMatch(/norm: frozen\n +normEpsilon: 0\n +weights: COCO_V1\n/);

  const last = path.join(first, 'last');
  const expected = await found('--weights', last);
  const converted = workplace.at('first.safetensors');
  expect(await main(['convert', last, converted])).toBe(0);
  expect(await found('--weights', converted)).toBe(expected);
  const names = JSON.parse(readSafetensors(converted).metadata['faster_rcnn_detector']) as {
    categories: { name: string }[];
  };
  expect(names.categories).toHaveLength(8);
  expect(
    await main(['detect', '--model', 'fasterrcnn_resnet18_fpn', '--weights', converted, workplace.scenes]),
  ).toBe(2);

  const second = workplace.at('second');
  expect(await workplace.train(second, '--iterations', '1', '--weights', converted)).toBe(0);
  expect(configuration(second)).toContain('normEpsilon: 0\n');

  rmSync(workplace.at('cache'), { recursive: true }); // a run that goes on needs them no more
  expect(await main(['train', '--output', first, '--resume', '--iterations', '2'])).toBe(0);
  expect(configuration(first)).toContain('normEpsilon: 0\n');
  expect(server.ranges).toEqual([]);
});

test('Ctrl-C keeps what has come', async () => {
  server.answering((_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1000));
  });
  const update = jest.spyOn(Progress.prototype, 'update');
  const command = ['convert', '--model', MODEL, 'COCO_V1', workplace.at('stopped.safetensors')];
  const running = main(command);
  await until(() => update.mock.calls.length > 0);
  process.emit('SIGINT');
  expect(await running).toBe(130);
  expect(workplace.stderr).toMatch(/the same command continues from there\.\n$/);
  server.answering(serving(content));
  expect(await main(command)).toBe(0);
  expect(server.ranges).toEqual(['bytes=1000-']);
});

test('what cannot be had is refused', async () => {
  mkdirSync(path.dirname(cached()), { recursive: true });
  const refused = async (refusal: object, ...argv: string[]): Promise<void> => {
    await expect(runCommand(argv)).rejects.toMatchObject(refusal);
  };
  const detect = (...argv: string[]): string[] => ['detect', ...argv, path.join(workplace.scenes, 'images')];
  const coco = detect('--model', MODEL, '--weights', 'COCO_V1');
  rmSync(cached(), { force: true });
  await refused({ name: 'DownloadError' }, ...coco);
  writeFileSync(cached(), content.subarray(1));
  await refused({ code: 'published-hash', facts: { file: cached() } }, ...coco);
  await refused({ code: 'model-missing', facts: { weights: 'COCO_V1' } }, ...detect('--weights', 'COCO_V1'));
  await refused({ code: 'no-such-path', facts: { path: 'COCO_V3' } }, ...detect('--weights', 'COCO_V3'));
  await refused(
    { code: 'classifier-weights', facts: { weights: 'IMAGENET1K_V1' } },
    ...detect('--weights', 'IMAGENET1K_V1', '--model', 'fasterrcnn_resnet18_fpn'),
  );
  await refused(
    { code: 'weights-not-published', facts: { weights: 'COCO_V2', model: MODEL } },
    ...detect('--weights', 'COCO_V2', '--model', MODEL),
  );
  process.env['FASTER_RCNN_WEIGHTS_URL'] = 'mirror/models';
  rmSync(cached());
  await refused({ code: 'download-url', facts: { url: 'mirror/models' } }, ...coco);
});
