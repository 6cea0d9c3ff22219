import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { speedCases } from '../../../tools/benchmarks/speed/speed-cases';
import { main, runCommand } from '../../../tools/cli/main';
import { DETECTOR_METADATA } from '../../../weights/detectors/file-metadata';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import { Workplace } from './workplace';

/*
 * What the command line says where it cannot do what it is asked for, word for word: other tests assert codes. What it says
 * of the values of a configuration is in tests/tools/config/load.test.ts.
 */

const workplace = new Workplace();

beforeAll(async () => {
  mkdirSync(workplace.at('empty'));
  mkdirSync(workplace.at('folder.pth'));
  mkdirSync(workplace.at('peers'));
  writeFileSync(workplace.at('peers', 'bench.py'), '');
  writeFileSync(workplace.at('file.txt'), '');
  const run = workplace.at('run');
  expect(await workplace.train(run, '--iterations', '2')).toBe(0);
  mkdirSync(workplace.at('locked'));
  cpSync(path.join(run, 'config.yaml'), workplace.at('locked', 'config.yaml'));
  symlinkSync('other 1 5', workplace.at('locked', '.lock'));
  const { tensors } = readSafetensors(path.join(run, 'last', 'model.safetensors'));
  writeSafetensors(workplace.at('bare.safetensors'), tensors);
  writeSafetensors(workplace.at('damaged.safetensors'), tensors, { [DETECTOR_METADATA]: '{' });
  const body = [...tensors].filter(([name]) => name.startsWith('backbone.body'));
  writeSafetensors(workplace.at('body.safetensors'), new Map(body));
  const truth = readFileSync(workplace.at('scenes', 'train.json'), 'utf8');
  writeFileSync(workplace.at('wolf.json'), truth.replace('"name":"dog"', '"name":"wolf"'));
  writeFileSync(
    workplace.at('gnu.json'),
    truth
      .replace('"categories":[', '"categories":[{"id":77,"name":"gnu"},')
      .replace(/"category_id":\d+/, '"category_id":77'),
  );
});

const DATA = '--output @new --train-annotations @scenes/train.json --train-images @scenes/images';
const TRAIN = `train --model fasterrcnn_tiny_fpn --set model.minSize=64 ${DATA}`;
const VAL = '--val-annotations @scenes/val.json --val-images @scenes/images';

/** A command, in whose words @ stands for the temporary folder; the code; the message, in which that folder is left out. */
test.each([
  ['tran', 'commander.unknownCommand', `error: unknown command 'tran'\n(Did you mean train?)`],
  [
    'detect --wieghts x y',
    'commander.unknownOption',
    `error: unknown option '--wieghts'\n(Did you mean --weights?)`,
  ],
  ['detect x', 'option-missing', '--weights FILE is missing; --help explains it'],
  ['detect --weights w', 'commander.missingArgument', `error: missing required argument 'image-or-dir'`],
  [
    'detect --weights w --score-threshold high x',
    'commander.invalidArgument',
    `error: option '--score-threshold <t>' argument 'high' is invalid. It has to be a number from 0 to 1, auto, or such numbers for categories: person=0.7,car=0.3.`,
  ],
  [
    'train --output @new --iterations 0',
    'commander.invalidArgument',
    `error: option '--iterations <n>' argument '0' is invalid. It has to be a whole number, 1 or more.`,
  ],
  [
    'train --output @new',
    'configuration',
    `model.name is missing: give --model NAME, or model.name in the configuration file\ndata.trainAnnotations is missing: give --train-annotations FILE, or data.trainAnnotations in the configuration file\ndata.trainImages is missing: give --train-images DIR, or data.trainImages in the configuration file`,
  ],
  ['train --output @new --exact', 'exact-without-resume', '--exact needs --resume'],
  [
    'train --output @new --resume',
    'no-run',
    'new: there is no run to resume; leave out --resume to start one',
  ],
  [
    'train --output @scenes --resume',
    'no-run',
    'scenes: contains no run to resume; leave out --resume to start one',
  ],
  [
    'train --output @locked --resume',
    'run-locked',
    'locked: process 1 on other is working on this run; wait until it has finished, or choose another folder',
  ],
  [
    'train --output @run --model fasterrcnn_tiny_fpn',
    'run-exists',
    'run: already contains a run. Choose another folder with --output, or resume that run with --resume',
  ],
  [
    'train --model fasterrcnn_tiny_fpn --train-annotations a --train-images b --output @file.txt',
    'output-below-file',
    '--output file.txt: file.txt is a file; a folder is expected',
  ],
  [
    `${TRAIN} --val-annotations @wolf.json --val-images @scenes/images`,
    'category-missing',
    'wolf.json: has objects of categories that scenes/train.json lacks: "wolf"',
  ],
  [
    `${TRAIN} --val-annotations @gnu.json --val-images @scenes/images`,
    'category-missing',
    'gnu.json: has objects of categories that scenes/train.json lacks: "gnu"',
  ],
  [
    `${TRAIN} --train-images @none --val-annotations @none.json --val-images @scenes/images`,
    'several',
    `none: there is no such folder of pictures\n\nnone.json: there is no such file.`,
  ],
  [
    `${TRAIN} --set model.freeze=[rpn.heads]`,
    'no-parameter',
    'model.freeze[0]: no parameter of the model matches "rpn.heads"; did you mean rpn.head?',
  ],
  [
    `${TRAIN} --set model.freeze=[transformer]`,
    'no-parameter',
    'model.freeze[0]: no parameter of the model matches "transformer"; its parameters have names like backbone.body.conv1.weight',
  ],
  [`${TRAIN} --set model.freeze=["*"]`, 'all-frozen', 'model.freeze: every parameter of the model is frozen'],
  [
    `${TRAIN} --set model.norm=frozen`,
    'norm-not-loaded',
    'model.norm: frozen needs pretrained weights; give --weights, or choose another norm',
  ],
  [
    `${TRAIN} --set model.trainableLayers=6`,
    'too-many-stages',
    'model.trainableLayers is 6, but the backbone of fasterrcnn_tiny_fpn has 5 stages',
  ],
  [
    `train ${DATA} --model ssdlite320_mobilenet_v3_large --set data.batchSize=1`,
    'small-batch',
    'data.batchSize is 1, but ssdlite320_mobilenet_v3_large with batch norm needs batches of 2 images or more: its ' +
      'coarsest map has one pixel, and one value has no variance. Or use model.norm group',
  ],
  [
    `${TRAIN} --set bestMetric=val/AP50`,
    'no-validation-set',
    'bestMetric needs a validation set: give --val-annotations and --val-images',
  ],
  [
    `${TRAIN} --set earlyStopping.patience=2 --set evaluateEvery=1`,
    'no-validation-set',
    'earlyStopping.patience needs a validation set: give --val-annotations and --val-images',
  ],
  [
    `${TRAIN} ${VAL} --set bestMetric=AP51`,
    'unknown-metric',
    'bestMetric AP51: an evaluation has no such number; did you mean val/AP50?',
  ],
  [
    `${TRAIN} ${VAL} --set bestMetric=loss`,
    'unknown-metric',
    'bestMetric loss: an evaluation has no such number; did you mean val/total_loss?',
  ],
  [
    `${TRAIN} ${VAL} --set bestMetric=accuracy`,
    'unknown-metric',
    'bestMetric accuracy: an evaluation has no such number; choose one of val/AP, val/AP50, val/AP75, val/APs, val/APm, val/APl, val/AR1, val/AR10, val/AR100, val/ARs, val/ARm, val/ARl, val/loss_objectness, val/loss_rpn_box_reg, val/loss_classifier, val/loss_box_reg, val/total_loss, or of a category',
  ],
  [
    `${TRAIN} ${VAL} --set bestMetric=val/APl`,
    'metric-undefined',
    'bestMetric val/APl is never defined: scenes/val.json has no such objects',
  ],
  [
    'train --output @run --resume --set seed=9',
    'other-configuration',
    'run: this run has seed 0, not 9; resume it without changing this key, or start another run',
  ],
  [
    'train --output @run --resume --iterations 1',
    'too-few-iterations',
    'run: this run has done 2 iterations already, more than 1; give a larger --iterations',
  ],
  [
    'train --output @run --resume --train-annotations @wolf.json',
    'other-categories',
    'wolf.json: its categories are not those that run has been trained on: "dog" missing, "wolf" new',
  ],
  [
    'evaluate --annotations a.json',
    'nothing-to-evaluate',
    'nothing to evaluate: give --weights with --images, or --detections',
  ],
  [
    'evaluate --annotations a --weights b',
    'option-missing',
    '--images is missing: the folder of the pictures',
  ],
  [
    'evaluate --annotations @scenes/val.json --weights @run/last --images @scenes/images --iou-type segm',
    'task-not-found',
    '--iou-type segm: fasterrcnn_tiny_fpn finds boxes, no masks; leave it out',
  ],
  [
    'evaluate --annotations a --detections b --keypoint-sigmas 0.1',
    'options-conflict',
    '--keypoint-sigmas are of keypoints, which are not evaluated; leave them out, or give --iou-type keypoints',
  ],
  [
    'evaluate --annotations a --detections b --weights c',
    'options-conflict',
    '--detections evaluates a file; leave out --images and the options of a detector: --model, --weights, --norm-epsilon, --min-size, --max-size, --precision, and those of how pictures are shown to it (--tile ...)',
  ],
  [
    'evaluate --annotations @scenes/val.json --detections b --json @scenes/val.json',
    'overwrites-input',
    '--json scenes/val.json: would overwrite an input; choose another name',
  ],
  ['detect --weights @run/last @none.jpg', 'no-such-path', 'none.jpg: there is no such file or folder'],
  ['detect --weights @run/last @empty', 'no-pictures', 'empty: has no pictures'],
  [
    'detect --weights @run/last --output @scenes/images @scenes/images',
    'overwrites-input',
    '--output scenes/images: would overwrite the picture scenes/images/000001.jpg; choose another folder',
  ],
  ['detect --weights @run @scenes/images', 'no-checkpoint', 'run: is not a checkpoint; run/last is one'],
  [
    'detect --weights @scenes @scenes/images',
    'no-checkpoint',
    'scenes: is not a checkpoint; a run has them under checkpoints/',
  ],
  [
    'detect --weights @run/best @scenes/images',
    'no-such-path',
    'run/best: there is no such file or folder; without validation data there is no best checkpoint; use run/last',
  ],
  [
    'detect --weights COCO_V3 @scenes/images',
    'no-such-path',
    'COCO_V3: there is no such file or folder; torchvision’s weights are COCO_LEGACY, COCO_V1, COCO_V2, IMAGENET1K_V1, IMAGENET1K_V2',
  ],
  [
    'detect --weights COCO_V1 @scenes/images',
    'model-missing',
    'COCO_V1: name the model (--model); there are such weights of fasterrcnn_resnet50_fpn, fasterrcnn_resnet50_fpn_v2, fasterrcnn_mobilenet_v3_large_fpn, fasterrcnn_mobilenet_v3_large_320_fpn, maskrcnn_resnet50_fpn, maskrcnn_resnet50_fpn_v2, keypointrcnn_resnet50_fpn, retinanet_resnet50_fpn, retinanet_resnet50_fpn_v2, fcos_resnet50_fpn, ssdlite320_mobilenet_v3_large',
  ],
  [
    'detect --weights COCO_V2 --model fasterrcnn_tiny_fpn @scenes/images',
    'weights-not-published',
    'COCO_V2: torchvision publishes no such weights of fasterrcnn_tiny_fpn; there are none of this model, and COCO_V2 of fasterrcnn_resnet50_fpn_v2',
  ],
  [
    'detect --weights IMAGENET1K_V1 --model fasterrcnn_resnet18_fpn @scenes/images',
    'classifier-weights',
    'IMAGENET1K_V1: ResNet18_Weights.IMAGENET1K_V1 are weights of an image classifier; a detector can be trained from them',
  ],
  [
    'detect --weights @bare.safetensors @scenes/images',
    'model-missing',
    'bare.safetensors: does not name its model; name it (--model)',
  ],
  [
    'detect --weights @bare.safetensors --model fasterrcnn_tiny_fpm @scenes/images',
    'unknown-model',
    '--model fasterrcnn_tiny_fpm: there is no such model; did you mean fasterrcnn_tiny_fpn?',
  ],
  [
    'detect --weights @run/last --model fasterrcnn_resnet18_fpn @scenes/images',
    'other-model',
    'run/last is a checkpoint of fasterrcnn_tiny_fpn, not of fasterrcnn_resnet18_fpn',
  ],
  [
    'detect --weights @body.safetensors --model fasterrcnn_tiny_fpn @scenes/images',
    'no-detector',
    `body.safetensors: is not a detector's: it has no roi_heads.box_predictor.cls_score.weight`,
  ],
  [
    'convert @bare.safetensors @b.onnx',
    'output-extension',
    'OUT b.onnx: a name that ends in .safetensors or .pth is expected',
  ],
  [
    'convert @bare.safetensors @folder.pth',
    'output-is-folder',
    'OUT folder.pth: is a folder; the name of a file is expected',
  ],
  [
    'convert @bare.safetensors @bare.safetensors',
    'overwrites-input',
    'OUT bare.safetensors: would overwrite an input; choose another name',
  ],
  ['find-lr --from 1 --to 0.5', 'learning-rate-range', '--from 1 has to be less than --to 0.5'],
  [
    'find-lr --iterations 4 --model fasterrcnn_tiny_fpn --train-annotations a --train-images b',
    'too-few-iterations',
    '4 iterations are too few to see the loss fall: at least 7 are needed',
  ],
  [
    'benchmark memory --model fcos_resnet50_fpn --vary proposals',
    'unknown-case',
    '--vary proposals: there is nothing of the kind to vary of fcos_resnet50_fpn; there are size, batch, boxes, model',
  ],
  [
    'benchmark speed --peer-python p --peer-scripts @none --annotations a --images b',
    'no-such-path',
    '--peer-scripts: there is no none/bench.py',
  ],
  [
    'convert @damaged.safetensors @b.pth',
    'detector-metadata',
    'damaged.safetensors: its metadata faster_rcnn_detector is not what rcnn convert writes',
  ],
  [
    'benchmark speed --peer-python p --peer-scripts @peers --annotations @scenes/val.json --images @scenes/images --case x',
    'unknown-case',
    '--case x: there is no such case; there are ' + speedCases.map(({ name }) => name).join(', '),
  ],
])('%s: %s', async (command, code, message) => {
  const argv = command.split(' ').map((word) => (word.startsWith('@') ? workplace.at(word.slice(1)) : word));
  expect(await main(argv)).toBe(2);
  expect(workplace.stderr.replaceAll(`${workplace.at()}${path.sep}`, '')).toBe(`${message}\n`);
  expect(workplace.stdout).toBe('');
  await expect(runCommand(argv)).rejects.toMatchObject({ code });
});
