import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { CocoDataset } from '../../../../datasets/coco/annotations';
import { EventStorage } from '../../../../detection/events/event-storage';
import type { TrainingState } from '../../../../detection/engine/hooks';
import { Sgd } from '../../../../detection/engine/sgd';
import type { CompleteConfiguration } from '../../../../tools/config/complete';
import { evaluateDetections } from '../../../../datasets/evaluation/evaluate';
import { flatten, runEvents } from '../../../../tools/run/hooks/run-events';
import { runEventFiles } from '../../../../tools/run/folder/run-folder';
import { cocoResults } from '../../../../datasets/evaluation/detect-images';
import { summarizeEvaluation } from '../../../../tools/run/hooks/summarize-evaluation';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'run-events-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** One gray picture of 1280 x 100 with a dog in it, of a set with cats, too. */
async function evaluated() {
  const size = { width: 1280, height: 100 };
  await sharp({ create: { ...size, channels: 3, background: '#808080' } }).toFile(
    path.join(folder, 'wide.png'),
  );
  const dataset = new CocoDataset(
    'val.json',
    folder,
    [{ id: 3, fileName: 'wide.png', ...size }],
    [
      { id: 2, name: 'cat' },
      { id: 8, name: 'dog' },
    ],
    [{ id: 1, imageId: 3, categoryId: 8, bbox: [200, 20, 100, 60], area: 6000, isCrowd: false }],
    [],
  );
  const detections = {
    boxes: Float32Array.of(202, 20, 300, 80, 0, 0, 10, 10, 600, 20, 700, 80),
    labels: Int32Array.of(2, 1, 2),
    scores: Float32Array.of(0.75, 0.6, 0.25),
  };
  const found = new Map([[3, detections]]);
  const evaluation = evaluateDetections(dataset, [], { iouType: 'bbox' });
  return {
    dataset,
    evaluation,
    detections: found,
    results: cocoResults(found, dataset.categories),
    tasks: {},
    meant: dataset.categories,
  };
}

describe('summarizeEvaluation', () => {
  it('tells pictures with true boxes left and found ones right, and curves over the scores', async () => {
    const result = await evaluated();
    const storage = new EventStorage();
    await summarizeEvaluation(storage, result, {});
    const picture = storage.images.get('val/picture/wide.png')!;
    expect([picture.width, picture.height, picture.pixels.length]).toEqual([1280, 50, 3 * 1280 * 50]);
    expect(new Set(picture.pixels)).toEqual(new Set([0x80]));
    expect(picture.boxes).toEqual([
      { box: [100, 10, 150, 40], label: 'dog', color: expect.any(String) as string },
      { box: [640, 0, 645, 5], label: 'cat', score: Math.fround(0.6), color: expect.any(String) as string },
      { box: [741, 10, 790, 40], label: 'dog', score: 0.75, color: picture.boxes![0].color },
    ]);
    const curves = Object.fromEntries(storage.precisionRecallCurves);
    expect(Object.keys(curves)).toEqual([
      'val/precision_recall/all categories',
      'val/precision_recall/2 cat',
      'val/precision_recall/8 dog',
    ]);
    const dog = curves['val/precision_recall/8 dog'];
    expect([0, 50, 51, 150, 151].map((t) => dog.truePositives[t])).toEqual([1, 1, 1, 1, 0]);
    expect([0, 50, 51, 150, 151].map((t) => dog.falsePositives[t])).toEqual([1, 1, 0, 0, 0]);
    const all = curves['val/precision_recall/all categories'];
    expect([all.truePositives, all.numTruths]).toEqual([dog.truePositives, 1]);
    expect([0, 50, 51, 150, 151].map((t) => all.falsePositives[t])).toEqual([2, 2, 1, 0, 0]);
  });

  it('leaves out a picture that has broken since', async () => {
    const result = await evaluated();
    rmSync(path.join(folder, 'wide.png'));
    const storage = new EventStorage();
    await summarizeEvaluation(storage, result, {});
    expect([storage.images.size, storage.precisionRecallCurves.size]).toEqual([0, 3]);
  });
});

describe('runEvents', () => {
  it('writes pictures with their boxes drawn', async () => {
    const result = await evaluated();
    const storage = new EventStorage();
    const writer = runEvents({ iterations: 100 } as CompleteConfiguration, folder);
    const state: TrainingState = {
      iteration: 0,
      iterations: 100,
      storage,
      optimizer: new Sgd([], { momentum: 0, weightDecay: 0 }),
      hooks: [],
      shouldStop: false,
      outcome: 'running',
    };
    writer.beforeStep(state);
    expect(storage.wantsDetails).toBe(false);
    writer.beforeStep({ ...state, iteration: 1 });
    expect(storage.wantsDetails).toBe(true); // 50 times a run
    await summarizeEvaluation(storage, result, {});
    await writer.afterStep(state);
    writer.afterTrain(state);
    const [file] = runEventFiles(folder);
    const events = readFileSync(file);
    const jpeg = events.subarray(events.indexOf(Buffer.of(0xff, 0xd8, 0xff)));
    const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
    expect([info.format, info.width, info.height, info.channels]).toEqual(['raw', 1280, 50, 3]);
    const isGray = (x: number, y: number): boolean =>
      [0, 1, 2].every((c) => Math.abs(data[3 * (y * 1280 + x) + c] - 0x80) < 20);
    // The true box's left and right sides, and its middle; the same of the found box; an end of the picture.
    const points = [100, 150, 125, 741, 790, 765, 1200].map((x) => isGray(x, 30));
    expect(points).toEqual([false, false, true, false, false, true, true]);
  });
});

describe('flatten', () => {
  it('gives dotted keys as --set takes them, without what is null', () => {
    const configuration = {
      model: { name: 'tiny', weights: null },
      data: { trainMinSizes: [64, 96], flip: 0.5 },
      schedule: { nested: { deeply: true } },
      seed: 0,
    };
    expect(flatten(configuration)).toEqual({
      'model.name': 'tiny',
      'data.trainMinSizes': '[64,96]',
      'data.flip': 0.5,
      'schedule.nested.deeply': true,
      seed: 0,
    });
  });
});
