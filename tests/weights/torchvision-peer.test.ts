import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../detection/backend/node';
import { Sgd } from '../../detection/engine/sgd';
import type { FasterRcnn } from '../../detection/modeling/faster-rcnn';
import type { NormName } from '../../detection/modeling/detector';
import { fasterRcnnModel } from '../../detection/modeling/definitions/faster-rcnn';
import { batchImages } from '../../detection/structures/image-batch';
import { torchvisionInput } from '../../detection/structures/input-spec';
import { main } from '../../tools/cli/main';
import { saveCheckpoint } from '../../weights/checkpoints/checkpoint';
import { readWeights } from '../../weights/formats/read-weights';
import { saveStateDict } from '../../weights/state-dict';
import { temporaryFolder } from './formats/weight-files';

/** Where the kit for comparing with torchvision puts its Python. */
const PYTHON = path.join(homedir(), '.cache', 'torchvision-peer', 'python');
const describeTorchvision = existsSync(PYTHON) ? describe : describe.skip;

const folder = temporaryFolder();
beforeAll(loadBackend);
afterEach(() => jest.restoreAllMocks());

const SIZE = { height: 64, width: 80 };
const picture = Uint8Array.from(
  { length: SIZE.height * SIZE.width * 3 },
  (_, i) => (i * i * 31 + (i >> 7) * 17) % 256,
);

/**
 * Loads each of our files strictly into torchvision's detector, prints what that finds, and saves it as its users do.
 * Frozen norms are what torchvision makes of pretrained models, which it would download.
 */
const DETECT = `
import json, sys, torch
from torchvision.models import detection
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.misc import FrozenBatchNorm2d
torch.set_num_threads(1)
cases, height, width, pixels = json.loads(sys.argv[1]), *map(int, sys.argv[2:4]), sys.argv[4]
image = torch.frombuffer(bytearray(open(pixels, 'rb').read()), dtype=torch.uint8)
image = image.reshape(height, width, 3).permute(2, 0, 1) / 255

def build(name):
    options = dict(num_classes=4, min_size=height, max_size=width)
    if hasattr(detection, name):
        return getattr(detection, name)(weights=None, weights_backbone=None, **options)
    body = name.removeprefix('fasterrcnn_').removesuffix('_fpn')
    backbone = resnet_fpn_backbone(backbone_name=body, weights=None, norm_layer=torch.nn.BatchNorm2d)
    return detection.FasterRCNN(backbone, **options)

def freeze(model):
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, torch.nn.BatchNorm2d):
                setattr(parent, name, FrozenBatchNorm2d(child.num_features, eps=child.eps))

results = []
for name, norm, file, back in cases:
    model = build(name)
    if norm == 'frozen': freeze(model)
    model.load_state_dict(torch.load(file, weights_only=True), strict=True)
    torch.save(dict(model=model.state_dict()), back)
    with torch.no_grad():
        found = model.eval()([image])[0]
    results.append({key: value.tolist() for key, value in found.items()})
print(json.dumps(results))
`;

interface Found {
  readonly boxes: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly scores: readonly number[];
}

/**
 * As after some training: statistics that are not those of a new layer.
 *
 * @param variance keeps the scores of a deep untrained model off 0 and 1.
 */
function season(model: FasterRcnn, variance: number): void {
  for (const [name, buffer] of model.namedBuffers()) {
    const kind = name.split('.').at(-1);
    const { shape, dtype } = buffer.value;
    const value = tf.tidy(() => {
      const wave = tf.reshape(tf.sin(tf.range(0, shape[0] ?? 1)), shape);
      if (kind === 'running_var') return tf.mul(tf.add(tf.mul(wave, 0.5), 1), variance);
      if (kind === 'running_mean') return tf.mul(wave, 0.1);
      return kind === 'num_batches_tracked' ? tf.fill(shape, 123_456, dtype) : buffer.toDisk();
    });
    buffer.fromDisk(value);
    value.dispose();
  }
}

const CASES: readonly (readonly [string, NormName, variance: number])[] = [
  ['fasterrcnn_resnet18_fpn', 'frozen', 1],
  ['fasterrcnn_resnet18_fpn', 'batch', 1],
  ['fasterrcnn_resnet50_fpn_v2', 'batch', 4],
  ['fasterrcnn_mobilenet_v3_large_fpn', 'batch', 1],
  ['fasterrcnn_mobilenet_v3_large_320_fpn', 'frozen', 1],
];

describeTorchvision('beside torchvision', () => {
  it('our checkpoints load strictly, find the same boxes there, and come back as they were', async () => {
    const printed = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    folder.write('pixels', picture);
    const ours = [];
    const given: string[][] = [];
    for (const [k, [name, norm, variance]] of CASES.entries()) {
      const model = fasterRcnnModel(name).build({ numClasses: 3, seed: 5, norm, trainableLayers: 1 });
      season(model, variance);
      const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
      const checkpoint = folder.in(`${k}`);
      const metadata = {
        categories: ['a', 'b', 'c'].map((name, i) => ({ id: i + 1, name })),
        configuration: { model: { name, minSize: SIZE.height, maxSize: SIZE.width, norm } },
      };
      saveCheckpoint(checkpoint, { model, optimizer }, { iteration: 1, hooks: {}, metrics: {}, metadata });
      expect(await main(['convert', checkpoint, `${checkpoint}.pth`])).toBe(0);
      given.push([name, norm, `${checkpoint}.pth`, folder.in(`${k}-back.pth`)]);
      const input = torchvisionInput({ minSize: SIZE.height, maxSize: SIZE.width });
      const images = batchImages([{ pixels: picture, size: SIZE }], input);
      const [found] = model.detect(images);
      images.tensor.dispose();
      ours.push({ found, state: saveStateDict(model) });
      optimizer.dispose();
      model.dispose();
    }
    expect(printed).toHaveBeenCalledTimes(CASES.length);
    const options = [String(SIZE.height), String(SIZE.width), folder.in('pixels')];
    const theirs = JSON.parse(
      execFileSync(PYTHON, ['-c', DETECT, JSON.stringify(given), ...options], { encoding: 'utf8' }),
    ) as Found[];
    for (const [k, { found, state }] of ours.entries()) {
      const { boxes, labels, scores } = theirs[k];
      expect(scores.length).toBeGreaterThan(2);
      expect(found.scores.length).toBe(scores.length);
      // Scores that differ by rounding alone come in either order.
      const isSame = (i: number, j: number): boolean =>
        found.labels[i] === labels[j] &&
        Math.abs(found.scores[i] - scores[j]) < 1e-4 &&
        boxes[j].every((value, side) => Math.abs(found.boxes[4 * i + side] - value) < 0.05);
      const unmatched = scores.filter((_, j) => !scores.some((_, i) => isSame(i, j)));
      expect([CASES[k], unmatched]).toEqual([CASES[k], []]);
      const back = readWeights(given[k][3]).tensors;
      expect([...back.keys()].sort()).toEqual([...state.keys()].sort());
      for (const [name, { type, shape, bytes }] of state) {
        const same = back.get(name);
        expect([name, same?.type, same?.shape]).toEqual([name, type, shape]);
        expect(Buffer.compare(bytes, same?.bytes ?? new Uint8Array())).toBe(0);
      }
    }
    expect(tf.memory().numTensors).toBe(0);
  });
});
