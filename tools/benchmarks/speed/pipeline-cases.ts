import { benchmarkProgram } from '../child-process';
import type { LoaderCase } from '../loader-case';
import { BENCHMARK_THREADS } from '../machine';
import { packages } from './packages';
import { peerScript, rcnnProgram } from './peer-script';
import { rivalIn } from './rival';
import type { Reported, SpeedCase } from './speed-case';

/** Processes of each side, by turns; their median counts. */
const ROUNDS = 5;

/** COCO's evaluation of a file, as a whole process. */
export const evaluationCase: SpeedCase = {
  name: 'evaluate',
  what: 'COCO evaluation, whole process: 5000 images, 36 000 boxes, 250 000 detections',
  rounds: ROUNDS,
  prepare: async ({ python, files }) => {
    const [annotations, detections] = files.evaluation();
    const options = ['--annotations', annotations, '--detections', detections];
    const args = [peerScript('coco_evaluation.py'), annotations, detections];
    return {
      ours: {
        name: 'ours',
        call: { program: process.execPath, args: [rcnnProgram, 'evaluate', ...options] },
      },
      rivals: [
        await rivalIn(python, { name: 'faster-coco-eval', needs: packages.cocoEval }, () => ({
          forms: [{ name: 'whole process', call: { program: python.program, args } }],
        })),
      ],
    };
  },
};

const loaderOptions = {
  ...{ minSize: 800, maxSize: 1333 },
  ...{ batch: 2, workers: BENCHMARK_THREADS, batches: 100 },
};

/** Pictures from their files to batches of training. */
export const loaderCase: SpeedCase = {
  name: 'load',
  what: `seconds a picture decoded, flipped, resized to ${loaderOptions.minSize} and batched, ${BENCHMARK_THREADS} workers`,
  rounds: ROUNDS,
  needsPictures: true,
  prepare: async ({ python, pictures }) => {
    const options: LoaderCase = { ...pictures(), ...loaderOptions };
    const parse = (line: string) => JSON.parse(line) as Reported;
    const args = [peerScript('image_loading.py'), JSON.stringify(options)];
    const peer = { name: 'PIL and torch', needs: [...packages.torch, ...packages.pillow] };
    return {
      ours: { name: 'ours', call: benchmarkProgram('loader-case', options), parse },
      rivals: [
        await rivalIn(python, peer, () => ({
          forms: [{ name: 'DataLoader', call: { program: python.program, args }, parse }],
        })),
      ],
    };
  },
};
