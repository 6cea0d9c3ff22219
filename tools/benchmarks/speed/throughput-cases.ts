import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { packages } from './packages';
import { peerScript, rcnnProgram } from './peer-script';
import { rivalIn } from './rival';
import type { SpeedCase } from './speed-case';

/** Processes of each side, by turns; their median counts. */
const ROUNDS = 3;
/** Pictures that share a batch at torchvision; ours has one at a time. */
const BATCH_SIZES = [1, 4];
/** torchvision's: what a detector leaves out by itself. */
const SCORE_THRESHOLD = 0.05;

/** Detecting in a folder of pictures as a whole process: decoding, batches, detections as JSON. */
export const throughputCases: readonly SpeedCase[] = [
  throughput('throughput', 'fasterrcnn_resnet50_fpn', 24),
  throughput('throughput-320', 'fasterrcnn_mobilenet_v3_large_320_fpn', 200),
];

function throughput(name: string, model: string, count: number): SpeedCase {
  return {
    name,
    what: `detecting in ${count} pictures, whole process, ${model}`,
    rounds: ROUNDS,
    needsPictures: true,
    prepare: async ({ python, files, pictures }) => {
      const { annotations, images } = pictures();
      const folder = files.path(`${name}-pictures`);
      mkdirSync(folder);
      for (const { fileName } of (await readCocoDataset(annotations, images)).images.slice(0, count)) {
        copyFileSync(path.join(images, fileName), path.join(folder, path.basename(fileName)));
      }
      const weights = await files.weights(model);
      const exported = await files.exportedByUs(model);
      const [ours, theirs] = ['ours.json', 'theirs.json'].map((file) => files.path(file));
      const options = ['--model', model, '--weights', weights, '--score-threshold', `${SCORE_THRESHOLD}`];
      const torchvision = { name: 'torchvision', needs: [...packages.torch, ...packages.pillow] };
      const onnxRuntime = { name: 'ONNX Runtime', needs: [...packages.onnxRuntime, ...packages.pillow] };
      return {
        ours: {
          name: 'ours',
          call: {
            program: process.execPath,
            args: [rcnnProgram, 'detect', ...options, '--json', ours, folder],
          },
        },
        rivals: [
          await rivalIn(python, torchvision, () => ({
            forms: BATCH_SIZES.flatMap((batch) =>
              ['contiguous', 'channels_last'].map((layout) => ({
                name: `batches of ${batch}, ${layout}`,
                call: {
                  program: python.program,
                  args: [peerScript('throughput.py'), model, weights, folder, theirs, `${batch}`, layout],
                },
              })),
            ),
          })),
          await rivalIn(python, onnxRuntime, () => ({
            forms: [
              {
                name: 'our exported detector',
                call: {
                  program: python.program,
                  args: [peerScript('throughput_onnx.py'), exported, folder, theirs, `${SCORE_THRESHOLD}`],
                },
              },
            ],
          })),
        ],
      };
    },
  };
}
