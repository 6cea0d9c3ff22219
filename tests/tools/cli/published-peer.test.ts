import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { fasterRcnnModel } from '../../../detection/modeling/definitions/faster-rcnn';
import { main } from '../../../tools/cli/main';
import { writePytorch } from '../../../weights/formats/pytorch/pytorch-writer';
import { saveStateDict } from '../../../weights/state-dict';
import { fillWithFormula } from '../../../tools/benchmarks/formula-weights';
import { DownloadServer, serving } from '../../weights/published/download-server';
import { publish, withSmallVariances } from './published-weights';
import { Workplace } from './workplace';

/** Where the kit for comparing with torchvision puts its Python. */
const PYTHON = path.join(homedir(), '.cache', 'torchvision-peer', 'python');
const describeTorchvision = existsSync(PYTHON) ? describe : describe.skip;

const MODEL = 'fasterrcnn_resnet18_fpn';
/** The model's own 800 and 1333 pixels make this 1332 x 333. */
const SIZE = { width: 256, height: 64 };

/**
 * Publishes a detector as torchvision published its first: old names, the legacy serialization, epsilon 0. Prints what
 * torchvision's detector finds with it.
 */
const PUBLISH = `
import json, re, sys, torch
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection._utils import overwrite_eps
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.misc import FrozenBatchNorm2d
torch.set_num_threads(1)
file, published, height, width, pixels = sys.argv[1:]
backbone = resnet_fpn_backbone(backbone_name='resnet18', weights=None, norm_layer=FrozenBatchNorm2d)
model = FasterRCNN(backbone, num_classes=91).eval()
model.load_state_dict(torch.load(file, weights_only=True), strict=True)
overwrite_eps(model, 0.0)
legacy = lambda name: re.sub(r'^rpn\\.head\\.conv\\.0\\.0\\.', 'rpn.head.conv.',
                             re.sub(r'^(backbone\\.fpn\\.(?:inner|layer)_blocks\\.\\d+)\\.0\\.', r'\\1.', name))
torch.save({legacy(name): value for name, value in model.state_dict().items()}, published,
           _use_new_zipfile_serialization=False)
image = torch.frombuffer(bytearray(open(pixels, 'rb').read()), dtype=torch.uint8)
image = image.reshape(int(height), int(width), 3).permute(2, 0, 1) / 255
with torch.no_grad():
    found = model([image])[0]
print(json.dumps({name: value.tolist() for name, value in found.items()}))
`;

interface Found {
  readonly boxes: readonly (readonly [number, number, number, number])[];
  readonly labels: readonly number[];
  readonly scores: readonly number[];
}

const workplace = new Workplace();
const server = new DownloadServer();

describeTorchvision('beside torchvision', () => {
  it(
    'a published file of the old kind finds here what it finds there',
    async () => {
      const model = fasterRcnnModel(MODEL).build({
        numClasses: 90,
        seed: 5,
        norm: 'frozen',
        trainableLayers: 0,
      });
      fillWithFormula(model, 7);
      const ours = workplace.at('ours.pth');
      writePytorch(ours, withSmallVariances(saveStateDict(model)));
      model.dispose();
      const pixels = Uint8Array.from(
        { length: SIZE.width * SIZE.height * 3 },
        (_, i) => (i * i * 31 + (i >> 7) * 17) % 256,
      );
      const [file, raw, picture] = ['published.pth', 'raw', 'picture.png'].map((name) => workplace.at(name));
      await sharp(pixels, { raw: { ...SIZE, channels: 3 } })
        .png()
        .toFile(picture);
      writeFileSync(raw, pixels);
      const given = [ours, file, String(SIZE.height), String(SIZE.width), raw];
      const theirs = JSON.parse(
        execFileSync(PYTHON, ['-c', PUBLISH, ...given], { encoding: 'utf8' }),
      ) as Found;
      expect(theirs.scores.length).toBeGreaterThan(5);

      const content = readFileSync(file);
      publish(MODEL, content);
      server.answering(serving(content));
      jest.replaceProperty(process, 'env', {
        ...process.env,
        FASTER_RCNN_CACHE: workplace.at('cache'),
        FASTER_RCNN_WEIGHTS_URL: server.url,
      });
      const json = workplace.at('found.json');
      const options = ['--score-threshold', '0', '--json', json];
      expect(await main(['detect', '--model', MODEL, '--weights', 'COCO_V1', ...options, picture])).toBe(0);
      const [{ detections }] = JSON.parse(readFileSync(json, 'utf8')) as {
        detections: { bbox: [number, number, number, number]; score: number; category_id: number }[];
      }[];
      expect(detections.map((detection) => detection.category_id)).toEqual(theirs.labels);
      detections.forEach(({ bbox: [x, y, width, height], score }, k) => {
        expect(score).toBeCloseTo(theirs.scores[k], 4);
        [x, y, x + width, y + height].forEach((value, side) =>
          expect(Math.abs(value - theirs.boxes[k][side])).toBeLessThan(0.05),
        );
      });
    },
    300_000, // it imports torch, which takes its time on a busy machine
  );
});
