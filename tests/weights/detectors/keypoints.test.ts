import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import {
  cocoPersonKeypoints,
  numberedKeypoints,
  type KeypointLayout,
} from '../../../detection/structures/keypoint-layout';
import { describeLoaded } from '../../../tools/run/describe-loaded';
import { lostInPytorch } from '../../../tools/run/lost-in-pytorch';
import { describeDetector } from '../../../weights/detectors/describe-detector';
import { loadDetector } from '../../../weights/detectors/load-detector';
import { loadWeights } from '../../../weights/detectors/load-weights';
import { writeSafetensors } from '../../../weights/formats/safetensors-file';
import { saveStateDict } from '../../../weights/state-dict';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';
import { temporaryFolder } from '../formats/weight-files';

const folder = temporaryFolder();
const detectors: Detector[] = [];
afterEach(() => {
  for (const detector of detectors.splice(0)) detector.dispose();
});
expectNoTensorLeaks(); // looks when they have been disposed

const model = 'keypointrcnn_tiny_fpn';
const three: KeypointLayout = { names: ['nose', 'left', 'right'], flipPairs: [[1, 2]], skeleton: [[0, 1]] };

function detector(keypoints: KeypointLayout, seed: number): Detector {
  const made = createDetector(model, { numClasses: 1, keypoints, seed, norm: 'batch' });
  detectors.push(made);
  return made;
}

/** Without a word of what it is of. */
function saved(ofModel: Detector): string {
  writeSafetensors(folder.in('weights.safetensors'), saveStateDict(ofModel), {});
  return folder.in('weights.safetensors');
}

test('a training for other keypoints takes all but the keypoint predictor, and says so', async () => {
  const [theirs, ours] = [detector(cocoPersonKeypoints, 1), detector(three, 2)];
  const [before, given] = [saveStateDict(ours), saveStateDict(theirs)];
  const loaded = await loadWeights(ours, saved(theirs));
  expect(loaded).toMatchObject({ filled: 'detector', otherKeypoints: 17 });
  expect(describeLoaded(loaded).at(-1)).toMatch(/of a detector of 17 keypoints.*initialized at random$/);
  for (const [name, { bytes }] of saveStateDict(ours)) {
    const isLeft = name.includes('kps_score_lowres');
    expect([name, loaded.entries.includes(name)]).toEqual([name, !isLeft]);
    expect(Buffer.compare(bytes, (isLeft ? before : given).get(name)!.bytes)).toBe(0);
  }
});

test('a training from a detector of boxes takes all but the heads that it lacks, and says so', async () => {
  const boxes = createDetector('fasterrcnn_tiny_fpn', { numClasses: 1, seed: 1, norm: 'batch' });
  const both = createDetector('mask_keypointrcnn_tiny_fpn', {
    numClasses: 1,
    keypoints: three,
    seed: 2,
    norm: 'batch',
  });
  detectors.push(boxes, both);
  const before = saveStateDict(both);
  const loaded = await loadWeights(both, saved(boxes));
  expect(loaded).toMatchObject({ filled: 'detector', missingHeads: ['masks', 'keypoints'] });
  expect(describeLoaded(loaded).slice(-2)).toEqual([
    expect.stringMatching(/of a detector that finds no masks: the head that does is initialized at random$/),
    expect.stringMatching(/finds no keypoints: /),
  ]);
  const given = saveStateDict(boxes);
  expect(new Set(loaded.entries)).toEqual(new Set(given.keys()));
  for (const [name, { bytes }] of saveStateDict(both)) {
    expect(Buffer.compare(bytes, (given.get(name) ?? before.get(name))!.bytes)).toBe(0);
  }
});

test('a head that is there in part is no head that is lacking', async () => {
  const entries = saveStateDict(detector(three, 1));
  entries.delete('roi_heads.keypoint_head.0.bias');
  writeSafetensors(folder.in('weights.safetensors'), entries, {});
  await expect(loadWeights(detector(three, 2), folder.in('weights.safetensors'))).rejects.toThrow(
    'missing: roi_heads.keypoint_head.0.bias',
  );
});

test('of as many keypoints, everything is taken', async () => {
  const loaded = await loadWeights(detector(three, 2), saved(detector(three, 1)));
  expect(loaded.otherKeypoints).toBeUndefined();
  expect(loaded.missingHeads).toBeUndefined();
  expect(loaded.entries.some((name) => name.includes('kps_score_lowres'))).toBe(true);
  expect(describeLoaded(loaded).join()).not.toContain('keypoint');
});

test('of as many keypoints with other names, everything is taken, and that is said', async () => {
  const theirs = detector(cocoPersonKeypoints, 1);
  const names = [...cocoPersonKeypoints.names].reverse();
  const ours = detector({ names, flipPairs: [], skeleton: [] }, 2);
  const loaded = await loadWeights(ours, saved(theirs));
  expect(loaded).toMatchObject({ filled: 'detector', renamedKeypoints: cocoPersonKeypoints.names });
  expect(loaded.entries.some((name) => name.includes('kps_score_lowres'))).toBe(true);
  expect(describeLoaded(loaded).at(-1)).toMatch(
    /its keypoints have other names.*: nose, left_eye,.*starts from the one at its place$/,
  );
});

test('a file that says nothing has COCO’s person where it has as many keypoints, otherwise numbers', async () => {
  const person = await describeDetector(saved(detector(cocoPersonKeypoints, 1)), { model, minSize: 96 });
  expect(person.options.keypoints).toEqual(cocoPersonKeypoints);
  expect(person.categories).toEqual([{ id: 1, name: 'person' }]);
  expect(lostInPytorch(person)[0]).toMatch(/no place for the model and the size/);
  const loaded = await loadDetector(saved(detector(three, 1)), { model, minSize: 96 });
  detectors.push(loaded.model);
  expect(loaded.model.keypoints?.names).toEqual(numberedKeypoints(3));
  expect(loaded.categories).toEqual([{ id: 1, name: 'category 1' }]);
});

test('that PyTorch’s format does not keep what keypoints are is told', async () => {
  const { definition, options, categories } = await describeDetector(saved(detector(three, 1)), {
    model,
    minSize: 96,
  });
  const own = { definition, options: { ...options, keypoints: three }, categories };
  expect(lostInPytorch(own)[0]).toMatch(/no place for the model, what its keypoints are and the size/);
});
