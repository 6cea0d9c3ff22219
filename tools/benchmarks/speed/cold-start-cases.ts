import path from 'node:path';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { packages } from './packages';
import { peerScript, rcnnProgram } from './peer-script';
import { rivalIn } from './rival';
import type { SpeedCase } from './speed-case';

/** Processes of each side, by turns; their median counts. */
const ROUNDS = 5;
/** torchvision's: what a detector leaves out by itself. */
const SCORE_THRESHOLD = 0.05;

/** Detecting in one picture as a whole process: start, weights, picture, detections as JSON. */
export const coldStartCases: readonly SpeedCase[] = [
  coldStart('cold-start', 'fasterrcnn_resnet50_fpn'),
  coldStart('cold-start-320', 'fasterrcnn_mobilenet_v3_large_320_fpn'),
];

function coldStart(name: string, model: string): SpeedCase {
  return {
    name,
    what: `detecting in one picture, whole process, ${model}`,
    rounds: ROUNDS,
    needsPictures: true,
    prepare: async ({ python, files, pictures }) => {
      const { annotations, images } = pictures();
      const [first] = (await readCocoDataset(annotations, images)).images;
      const picture = path.join(images, first.fileName);
      const weights = await files.weights(model);
      const [ours, theirs] = ['ours.json', 'theirs.json'].map((file) => files.path(file));
      const options = ['--model', model, '--weights', weights, '--score-threshold', `${SCORE_THRESHOLD}`];
      const args = [peerScript('cold_start.py'), model, weights, picture, theirs];
      const peer = { name: 'torchvision', needs: [...packages.torch, ...packages.pillow] };
      return {
        ours: {
          name: 'ours',
          call: {
            program: process.execPath,
            args: [rcnnProgram, 'detect', ...options, '--json', ours, picture],
          },
        },
        rivals: [
          await rivalIn(python, peer, () => ({
            forms: [{ name: 'whole process', call: { program: python.program, args } }],
          })),
        ],
      };
    },
  };
}
