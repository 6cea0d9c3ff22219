import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../detection/backend/node';
import { buildDetector, type NormName } from '../../detection/modeling/models';
import { batchImages } from '../../detection/structures/image-batch';
import { writePytorch } from '../../weights/pytorch-writer';
import { saveStateDict } from '../../weights/state-dict';
import { temporaryFolder } from './weight-files';

/** Where the kit for comparing with torchvision puts its Python. */
const PYTHON = path.join(homedir(), '.cache', 'torchvision-peer', 'python');
const describeTorchvision = existsSync(PYTHON) ? describe : describe.skip;

const folder = temporaryFolder();
beforeAll(loadBackend);

const SIZE = { height: 96, width: 128 };
/** Untrained, a detector is sure of nothing. */
const SCORE_THRESHOLD = 0.05;
const picture = Uint8Array.from(
  { length: SIZE.height * SIZE.width * 3 },
  (_, i) => (i * i * 31 + (i >> 7) * 17) % 256,
);

/** Loads our file strictly into torchvision's detector, and prints what that finds. */
const DETECT = `
import json, sys, torch
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.misc import FrozenBatchNorm2d
torch.set_num_threads(1)
file, norm, height, width, pixels = sys.argv[1:]
layer = FrozenBatchNorm2d if norm == 'frozen' else torch.nn.BatchNorm2d
backbone = resnet_fpn_backbone(backbone_name='resnet18', weights=None, norm_layer=layer)
model = FasterRCNN(backbone, num_classes=4, min_size=int(height), max_size=int(width)).eval()
model.load_state_dict(torch.load(file, weights_only=True), strict=True)
image = torch.frombuffer(bytearray(open(pixels, 'rb').read()), dtype=torch.uint8)
image = image.reshape(int(height), int(width), 3).permute(2, 0, 1) / 255
with torch.no_grad():
    found = model([image])[0]
print(json.dumps({name: value.tolist() for name, value in found.items()}))
`;

interface Found {
  readonly boxes: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly scores: readonly number[];
}

describeTorchvision('beside torchvision', () => {
  it.each<[NormName]>([['frozen'], ['batch']])(
    'a checkpoint of ours with %s norm loads strictly, and finds the same boxes',
    (norm) => {
      const model = buildDetector('fasterrcnn_resnet18_fpn', {
        numClasses: 3,
        seed: 5,
        norm,
        trainableLayers: 0,
      });
      writePytorch(folder.in('ours.pth'), saveStateDict(model));
      folder.write('pixels', picture);
      const given = [
        folder.in('ours.pth'),
        norm,
        String(SIZE.height),
        String(SIZE.width),
        folder.in('pixels'),
      ];
      const theirs = JSON.parse(
        execFileSync(PYTHON, ['-c', DETECT, ...given], { encoding: 'utf8' }),
      ) as Found;
      const images = batchImages([{ pixels: picture, size: SIZE }], {
        minSize: SIZE.height,
        maxSize: SIZE.width,
      });
      const [ours] = model.detect(images);
      images.tensor.dispose();
      model.dispose();
      expect(theirs.scores.length).toBeGreaterThan(5);
      expect(theirs.scores.every((score) => score > SCORE_THRESHOLD)).toBe(true);
      expect([...ours.labels]).toEqual(theirs.labels);
      theirs.scores.forEach((score, k) => expect(ours.scores[k]).toBeCloseTo(score, 4));
      theirs.boxes.flat().forEach((value, k) => expect(Math.abs(ours.boxes[k] - value)).toBeLessThan(0.05));
      expect(tf.memory().numTensors).toBe(0);
    },
    300_000, // it imports torch, which takes its time on a busy machine
  );
});
