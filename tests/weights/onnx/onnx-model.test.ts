import './one-realm';
import * as tf from '@tensorflow/tfjs-core';
import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector, NormName } from '../../../detection/modeling/detector';
import type { SettingValues } from '../../../detection/modeling/settings';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { fillWithFormula } from '../../../tools/benchmarks/formula-weights';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';
import { expectSameFound, run, sessionOf, wavyPictures } from './exported';

expectNoTensorLeaks();

const small = torchvisionInput({ minSize: 64, maxSize: 100 });
const narrow = {
  rpn: { preNmsTopN: { test: 200 }, postNmsTopN: { test: 50 } },
  roi: { detectionsPerImage: 20 },
};
const dense = { dense: { topkCandidates: 300 } };

const cases: [string, NormName, SettingValues][] = [
  ['fasterrcnn_tiny_fpn', 'frozen', narrow],
  ['maskrcnn_tiny_fpn', 'frozen', narrow],
  ['retinanet_tiny_fpn', 'group', dense],
  ['fcos_tiny_fpn', 'frozen', { dense: { topkCandidates: 300, scoreThreshold: 0.001 } }],
  ['ssdlite320_tiny', 'batch', {}],
  ['cascadercnn_tiny_fpn', 'group', {}],
  ['keypointrcnn_tiny_fpn', 'frozen', narrow],
];

/**
 * Weights with which a detector finds something. The formula's make of a cascade, box by box, a hundred pixels' worth of rounding errors:
 * it keeps its initial ones, but for predictions, which are nearly the same everywhere.
 */
function fill(detector: Detector): void {
  if (!detector.definition.name.startsWith('cascade')) return fillWithFormula(detector, 7);
  for (const [name, { variable }] of detector.namedParameters()) {
    if (/box_predictor.*weight|rpn.*cls_logits.weight/.test(name))
      tf.tidy(() => variable.assign(tf.mul(variable, 20)));
  }
}

test.each(cases)(
  '%s, norm %s: what ONNX Runtime finds is what detect finds',
  async (name, norm, settings) => {
    const isFixed = name.startsWith('ssd');
    const numClasses = name.startsWith('keypoint') ? 1 : 3;
    const detector = createDetector(name, { numClasses, norm, settings, ...(!isFixed && { input: small }) });
    fill(detector);
    const session = await sessionOf(detector);
    const found = await expectSameFound(detector, session, wavyPictures(2, { height: 37, width: 150 }));
    expect(found.every(({ scores }) => scores.length > 0)).toBe(true);
    await session.release();
    detector.dispose();
  },
);

test('one file takes any number of pictures of any size', async () => {
  const settings = narrow;
  const detector = createDetector('fasterrcnn_tiny_fpn', {
    numClasses: 1,
    norm: 'frozen',
    settings,
    input: small,
  });
  fill(detector);
  const session = await sessionOf(detector);
  for (const [count, height, width] of [
    [1, 90, 70],
    [3, 64, 64],
    [1, 20, 300],
  ]) {
    await expectSameFound(detector, session, wavyPictures(count, { height, width }));
  }
  await session.release();
  detector.dispose();
});

test('where nothing is found, lists are empty', async () => {
  const settings = { roi: { scoreThreshold: 0.999999 }, rpn: narrow.rpn };
  const detector = createDetector('maskrcnn_tiny_fpn', {
    numClasses: 3,
    norm: 'frozen',
    settings,
    input: small,
  });
  const session = await sessionOf(detector);
  const pictures = wavyPictures(2, { height: 40, width: 60 });
  await expectSameFound(detector, session, pictures);
  const { counts, scores, masks } = await run(session, pictures);
  expect([counts, scores, masks].map((output) => output.dims)).toEqual([[2], [2, 0], [2, 0, 28, 28]]);
  await session.release();
  detector.dispose();
});
