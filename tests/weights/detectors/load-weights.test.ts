import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import { Module } from '../../../detection/nn/module';
import { BatchNorm } from '../../../detection/nn/normalization';
import { metadataOf } from '../../../weights/detectors/detector-metadata';
import { DETECTOR_METADATA } from '../../../weights/detectors/file-metadata';
import { loadWeights } from '../../../weights/detectors/load-weights';
import { writeSafetensors } from '../../../weights/formats/safetensors-file';
import { saveStateDict } from '../../../weights/state-dict';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';
import { rejectionOf } from '../../thrown';

const folder = mkdtempSync(path.join(tmpdir(), 'load-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

const detectors: Detector[] = [];
afterEach(() => {
  for (const detector of detectors.splice(0)) detector.dispose();
});
expectNoTensorLeaks(); // looks when they have been disposed

function detector(numClasses: number, seed: number): Detector {
  const made = createDetector('fasterrcnn_tiny_fpn', { numClasses, seed, norm: 'batch' });
  detectors.push(made);
  return made;
}

/** Entries by name, each as its bytes. */
function bytesOf(model: Detector): Map<string, string> {
  const entries = [...saveStateDict(model)];
  return new Map(entries.map(([name, { bytes }]) => [name, Buffer.from(bytes).toString('base64')]));
}

function saved(model: Detector, metadata: Record<string, string> = {}): string {
  const file = path.join(folder, 'weights.safetensors');
  writeSafetensors(file, saveStateDict(model), metadata);
  return file;
}

function epsilons(model: Detector): Set<number> {
  const parts = model instanceof Module ? [...model.modules()] : [];
  return new Set(parts.flatMap((part) => (part instanceof BatchNorm ? [part.epsilon] : [])));
}

test('a file of the same classes fills the whole detector', async () => {
  const [theirs, ours] = [detector(2, 1), detector(2, 2)];
  const file = saved(theirs);
  const { entries, match, ...loaded } = await loadWeights(ours, file);
  expect(loaded).toEqual({ file, filled: 'detector', numClasses: 2 });
  expect(match).toMatchObject({ by: 'number', onlyOfDetector: [], onlyOfDataset: [] });
  expect(new Set(entries)).toEqual(new Set(saveStateDict(ours).keys()));
  expect(bytesOf(ours)).toEqual(bytesOf(theirs));
  expect(epsilons(ours)).toEqual(new Set([1e-5]));
});

test('of other classes, the predictor stays as it is', async () => {
  const [theirs, ours] = [detector(3, 1), detector(2, 2)];
  const before = bytesOf(ours);
  const { filled, numClasses, entries } = await loadWeights(ours, saved(theirs));
  expect([filled, numClasses]).toEqual(['all-but-predictor', 3]);
  const given = bytesOf(theirs);
  for (const [name, bytes] of bytesOf(ours)) {
    const isPredictor = name.startsWith('roi_heads.box_predictor.');
    expect([name, entries.includes(name)]).toEqual([name, !isPredictor]);
    expect(bytes).toBe(isPredictor ? before.get(name) : given.get(name));
  }
});

test('an epsilon that the file is known to want is the detector’s from then on', async () => {
  const [theirs, ours] = [detector(2, 1), detector(2, 2)];
  const { definition } = theirs;
  const options = { norm: 'batch', epsilon: 0.125 } as const;
  const known = metadataOf({ definition, options, categories: [1, 2].map((id) => ({ id, name: `${id}` })) });
  await loadWeights(ours, saved(theirs, { [DETECTOR_METADATA]: JSON.stringify(known) }));
  expect(epsilons(ours)).toEqual(new Set([0.125]));
});

test('what does not fit changes nothing', async () => {
  const ours = detector(2, 2);
  const retina = createDetector('retinanet_tiny_fpn', { numClasses: 2, norm: 'batch' });
  detectors.push(retina);
  const before = bytesOf(ours);
  expect(await rejectionOf(loadWeights(ours, saved(retina)))).toMatchObject({ code: 'weights-misfit' });
  expect(await rejectionOf(loadWeights(ours, path.join(folder, 'none')))).toMatchObject({
    code: 'no-such-path',
  });
  expect(await rejectionOf(loadWeights(ours, 'COCO_V1'))).toMatchObject({ code: 'weights-not-published' });
  expect(bytesOf(ours)).toEqual(before);
});
