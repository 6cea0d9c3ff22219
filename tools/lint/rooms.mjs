/**
 * The rooms of the house and what each may import. The lint rules (dependency-cruiser.mjs) come from this table, and the one
 * of docs/architecture.md shows it.
 *
 * @typedef {object} Room
 * @property {string} name A file, or a folder without the rooms inside of it.
 * @property {string} holds What is in it.
 * @property {readonly string[]} mayImport Besides itself and `forAll`: rooms, single files of a room, and `name/*` for all
 *   that is below a folder.
 */

/** What every room may import. */
export const forAll = ['detection/errors.ts'];

/** @type {readonly Room[]} */
export const rooms = [
  {
    name: 'detection/index.ts',
    holds: 'what `faster-rcnn` exports, name by name',
    mayImport: [
      'detection/structures',
      'detection/nn',
      'detection/events',
      'detection/ops',
      'detection/modeling',
      'detection/modeling/definitions',
      'detection/engine',
      'detection/onnx',
    ],
  },
  {
    name: 'detection/node.ts',
    holds: 'what `faster-rcnn/node` exports',
    mayImport: ['detection/backend', 'detection/engine/writers'],
  },
  {
    name: 'datasets/index.ts',
    holds: 'what `faster-rcnn/datasets` exports',
    mayImport: ['datasets', 'datasets/repair'],
  },
  {
    name: 'datasets/evaluation/index.ts',
    holds: 'what `faster-rcnn/evaluation` exports',
    mayImport: ['datasets/evaluation', 'datasets/inference'],
  },
  {
    name: 'weights/index.ts',
    holds: 'what `faster-rcnn/weights` exports',
    mayImport: ['weights/*'],
  },
  {
    name: 'detection/errors.ts',
    holds: 'errors in user input',
    mayImport: [],
  },
  {
    name: 'detection/structures',
    holds: 'boxes, instances, masks, image batches, sizes, resizing: plain typed data',
    mayImport: [],
  },
  {
    name: 'detection/onnx',
    holds: 'ONNX graphs while they are being built: values, nodes, constants',
    mayImport: [],
  },
  {
    name: 'detection/nn',
    holds: 'modules, layers, initializers, random streams, autograd, the interface of trainable models',
    mayImport: ['detection/onnx', 'detection/structures'],
  },
  {
    name: 'detection/events',
    holds: 'summaries from anywhere in a model, event storage, histograms',
    mayImport: ['detection/nn', 'detection/structures'],
  },
  {
    name: 'detection/ops',
    holds: 'NMS, overlaps, ROIAlign, losses: one op, one file, one test',
    mayImport: ['detection/nn', 'detection/onnx', 'detection/structures'],
  },
  {
    name: 'detection/modeling',
    holds:
      'backbones, RPN, ROI heads, dense heads, matching; `faster-rcnn.ts`, `retinanet.ts`, `fcos.ts`, `ssd.ts`',
    mayImport: [
      'detection/ops',
      'detection/events',
      'detection/nn',
      'detection/onnx',
      'detection/structures',
    ],
  },
  {
    name: 'detection/modeling/definitions',
    holds: 'the models by name: how each is built, and its numbers with their source',
    mayImport: ['detection/modeling', 'detection/nn', 'detection/ops/roi-pooling.ts', 'detection/structures'],
  },
  {
    name: 'detection/modeling/separated',
    holds: 'the same detectors with their loss functions outside of the model',
    mayImport: [
      'detection/modeling',
      'detection/engine',
      'detection/ops',
      'detection/events',
      'detection/nn',
      'detection/structures',
    ],
  },
  {
    name: 'detection/modeling/examples',
    holds: "the essay's claims as small models",
    mayImport: [
      'detection/modeling',
      'detection/modeling/definitions',
      'detection/engine',
      'detection/ops',
      'detection/events',
      'detection/nn',
      'detection/structures',
    ],
  },
  {
    name: 'detection/engine',
    holds: 'train loop, hooks, optimizers, schedules',
    mayImport: ['detection/events', 'detection/nn'],
  },
  {
    name: 'detection/engine/writers',
    holds: "what a training logs: JSON lines, progress, TensorBoard's event files",
    mayImport: ['detection/engine', 'detection/events', 'detection/files'],
  },
  {
    name: 'detection/backend',
    holds: 'selection of the backend; kernels that it lacks',
    mayImport: ['detection/nn', 'tools/setup/native-paths.cjs'],
  },
  {
    name: 'detection/files',
    holds: 'writing files completely or not at all; loading modules that users have written',
    mayImport: [],
  },
  {
    name: 'datasets',
    holds: 'COCO files, images, samplers, transforms, loader workers, scene synthesis, drawing',
    mayImport: ['detection/structures', 'detection/nn/random.ts', 'detection/ops/iou.ts', 'detection/files'],
  },
  {
    name: 'datasets/repair',
    holds: 'putting right what annotation tools write otherwise than COCO: one family of habits a file',
    mayImport: ['datasets', 'detection/structures', 'detection/files'],
  },
  {
    name: 'datasets/inference',
    holds: 'running a detector over pictures: batches, tiles, mirror images and scales, merged',
    mayImport: [
      'datasets',
      'detection/structures',
      'detection/ops/iou.ts',
      'detection/ops/nms.ts',
      'detection/modeling/detector.ts',
      'detection/modeling/detection-limits.ts',
    ],
  },
  {
    name: 'datasets/evaluation',
    holds: 'running a detector over data sets; COCO’s evaluation, kinds of errors',
    mayImport: [
      'datasets',
      'datasets/inference',
      'detection/structures',
      'detection/nn/random.ts',
      'detection/modeling/detector.ts',
      'detection/modeling/detection-limits.ts',
    ],
  },
  {
    name: 'weights',
    holds: 'state dicts, from files into models and back; hashes of files',
    mayImport: [
      'weights/formats',
      'detection/modeling/definitions',
      'detection/modeling/detector.ts',
      'detection/nn',
      'detection/files',
    ],
  },
  {
    name: 'weights/formats',
    holds: "files of weights: safetensors, PyTorch's, detectron2's",
    mayImport: ['detection/files'],
  },
  {
    name: 'weights/checkpoints',
    holds: 'checkpoints: saving, loading, rollback',
    mayImport: [
      'weights',
      'weights/formats',
      'weights/detectors/detector-metadata.ts',
      'detection/engine',
      'detection/modeling/definitions',
      'detection/modeling/detector.ts',
      'detection/nn',
      'detection/files',
    ],
  },
  {
    name: 'weights/published',
    holds: "torchvision's published weights, and their download",
    mayImport: [
      'tools/setup/native-paths.cjs',
      'weights',
      'detection/modeling/definitions',
      'detection/modeling/detector.ts',
      'detection/files',
    ],
  },
  {
    name: 'weights/settings',
    holds: "validation of a model's settings, and its messages",
    mayImport: ['detection/modeling/settings.ts'],
  },
  {
    name: 'weights/detectors',
    holds: 'finding weights, building detectors from files and checkpoints, loading weights for a training',
    mayImport: [
      'weights',
      'weights/formats',
      'weights/checkpoints',
      'weights/published',
      'weights/settings',
      'datasets/coco/categories/category-map.ts',
      'datasets/coco/categories/coco-categories.ts',
      'datasets/coco/categories/match-categories.ts',
      'detection/modeling/definitions',
      'detection/modeling/detector.ts',
      'detection/modeling/settings.ts',
      'detection/nn',
      'detection/structures',
    ],
  },
  {
    name: 'weights/onnx',
    holds: 'detectors as ONNX files, and running them',
    mayImport: [
      'weights/detectors',
      'datasets/coco/categories/category-map.ts',
      'datasets/inference/picture-detector.ts',
      'detection/modeling/detector.ts',
      'detection/modeling/detector-graph.ts',
      'detection/modeling/settings.ts',
      'detection/onnx',
      'detection/ops/paste-masks.ts',
      'detection/structures',
      'detection/files',
    ],
  },
  {
    name: 'tools/rcnn.mjs',
    holds: 'the program `rcnn`: set-up, then the command',
    mayImport: ['tools/setup'],
  },
  {
    name: 'tools/setup',
    holds: 'set-up, before anything is installed',
    mayImport: [],
  },
  {
    name: 'tools/lint',
    holds: 'this table, and the rules that come from it',
    mayImport: [],
  },
  {
    name: 'tools/terminal',
    holds: 'messages and progress of a command, Ctrl-C, output paths',
    mayImport: ['detection/engine/writers', 'detection/files'],
  },
  {
    name: 'tools/html',
    holds: 'parts of HTML pages: markup, charts, figures',
    mayImport: ['detection/structures', 'detection/events', 'datasets', 'datasets/evaluation'],
  },
  {
    name: 'tools/config',
    holds: 'the configuration of a training: its keys, file, defaults and messages',
    mayImport: [
      'tools/terminal',
      'detection/backend/node-precision.ts',
      'detection/nn/precision.ts',
      'detection/modeling/definitions',
      'detection/modeling/detector.ts',
      'detection/modeling/settings.ts',
      'detection/structures',
      'detection/files',
      'weights/checkpoints',
      'weights/settings',
    ],
  },
  {
    name: 'tools/memory',
    holds: 'the memory that a training step takes: measured, and extrapolated',
    mayImport: ['detection/*', 'datasets/*'],
  },
  {
    name: 'tools/ranks',
    holds: 'processes that train together: how they find and watch each other ([cluster](cluster.md))',
    mayImport: ['detection/backend', 'detection/engine', 'datasets/loader/start-thread.ts'],
  },
  {
    name: 'tools/run',
    holds: 'a training run: data, start, hooks, evaluation, lock, folder',
    mayImport: [
      'tools/config',
      'tools/ranks',
      'tools/memory',
      'tools/terminal',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tools/report',
    holds: 'the pages of a run and of a search for the learning rate',
    mayImport: [
      'tools/run',
      'tools/config',
      'tools/html',
      'tools/terminal',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tools/compare',
    holds: 'whether one of two runs is better, and its page',
    mayImport: [
      'tools/run',
      'tools/config',
      'tools/html',
      'tools/terminal',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tools/anchors',
    holds: "how well anchors cover a data set's boxes, and which sizes do better ([anchors](anchors.md))",
    mayImport: ['tools/terminal', 'detection/*', 'datasets/*'],
  },
  {
    name: 'tools/loopback',
    holds: 'servers that answer a browser on this machine',
    mayImport: [],
  },
  {
    name: 'tools/browse',
    holds: 'the page that shows a data set, and its server',
    mayImport: [
      'tools/browse/page/judged-picture.ts',
      'tools/loopback',
      'tools/run',
      'tools/config',
      'tools/html',
      'tools/terminal',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tools/browse/page',
    holds: 'the script of that page, which runs in browsers',
    mayImport: [
      'tools/browse/page-data.ts',
      'tools/html/elements.ts',
      'tools/html/verdict-colors.ts',
      'datasets/evaluation',
      'datasets',
    ],
  },
  {
    name: 'tools/page',
    holds: 'the page in which a detector runs ([page](page.md))',
    mayImport: ['tools/html', 'tools/terminal', 'detection/*', 'weights/*'],
  },
  {
    name: 'tools/page/client',
    holds: 'the script of that page',
    mayImport: ['tools/page/messages.ts', 'tools/html/elements.ts', 'datasets'],
  },
  {
    name: 'tools/page/worker',
    holds: 'its thread that detects',
    mayImport: [
      'tools/page/messages.ts',
      'detection/backend/wasm-corrections.ts',
      'detection/modeling/detector.ts',
      'detection/structures',
      'weights/detectors',
      'weights/formats',
    ],
  },
  {
    name: 'tools/why',
    holds:
      'what a detector’s losses are made of: of one picture ([why](why.md)), and of a set, to find faults in it',
    mayImport: [
      'tools/run',
      'tools/config',
      'tools/html',
      'tools/terminal',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tools/benchmarks',
    holds: 'time and memory of training, loading and evaluation',
    mayImport: ['tools/html', 'tools/memory', 'tools/terminal', 'detection/*', 'datasets/*', 'weights/*'],
  },
  {
    name: 'tools/benchmarks/speed',
    holds: '`rcnn benchmark speed`: what is compared, who with, by turns',
    mayImport: ['tools/benchmarks', 'detection/*', 'datasets/*'],
  },
  {
    name: 'tools/benchmarks/memory',
    holds:
      '`rcnn benchmark memory`: what a training step keeps in memory, with its losses in the model and outside',
    mayImport: [
      'tools/benchmarks',
      'tools/html',
      'tools/memory',
      'tools/terminal',
      'detection/*',
      'datasets/*',
    ],
  },
  {
    name: 'tools/benchmarks/serve',
    holds: '`rcnn benchmark serve`: load and faults for a service in a process of its own',
    mayImport: [],
  },
  {
    name: 'tools/soak',
    holds: 'the fault-injection test ([soak](soak.md))',
    mayImport: ['tools/run', 'tools/html', 'tools/terminal', 'detection/*', 'datasets/*', 'weights/*'],
  },
  {
    name: 'tools/shards',
    holds: 'shares of the pictures of `rcnn detect` and `rcnn evaluate`, and how they are put together',
    mayImport: ['tools/run', 'tools/config', 'tools/terminal', 'detection/*', 'datasets/*', 'weights/*'],
  },
  {
    name: 'tools/detect',
    holds: 'what `rcnn detect` does: finding pictures, detecting in them and in videos, thresholds',
    mayImport: [
      'tools/detect/outputs',
      'tools/detect/video',
      'tools/shards',
      'tools/terminal',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tools/detect/outputs',
    holds: 'what it writes: drawings, crops, its own JSON and others’ formats',
    mayImport: ['tools/shards', 'tools/terminal', 'detection/*', 'datasets/*'],
  },
  {
    name: 'tools/detect/video',
    holds: 'reading and writing videos through ffmpeg',
    mayImport: ['tools/terminal', 'detection/*', 'datasets/*'],
  },
  {
    name: 'tools/serve',
    holds: 'what `rcnn serve` does: a detector in a thread, a queue, and HTTP before it ([serve](serve.md))',
    mayImport: [
      'tools/config',
      'tools/detect',
      'tools/detect/outputs',
      'tools/loopback',
      'tools/run',
      'tools/terminal',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tools/watch',
    holds: 'what `rcnn watch` does: following the files of a run, and its page',
    mayImport: [
      'tools/config',
      'tools/html',
      'tools/loopback',
      'tools/report',
      'tools/run',
      'tools/terminal',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tools/cli',
    holds: 'one file for each command: its options and its work',
    mayImport: [
      'tools/anchors',
      'tools/benchmarks',
      'tools/benchmarks/memory',
      'tools/benchmarks/serve',
      'tools/benchmarks/speed',
      'tools/browse',
      'tools/compare',
      'tools/detect',
      'tools/detect/outputs',
      'tools/memory',
      'tools/page',
      'tools/ranks',
      'tools/report',
      'tools/run',
      'tools/config',
      'tools/serve',
      'tools/shards',
      'tools/terminal',
      'tools/watch',
      'tools/why',
      'detection/*',
      'datasets/*',
      'weights/*',
    ],
  },
  {
    name: 'tests',
    holds: 'mirrors the rooms',
    mayImport: ['detection/*', 'datasets/*', 'weights/*', 'tools/*'],
  },
];

/** The library runs wherever TensorFlow.js does: what it may need besides its own files. */
export const library = {
  folder: 'detection',
  packages: ['@tensorflow/tfjs-core', 'pure-rand'],
  /** Packages that types are imported from, and nothing else. */
  typePackages: ['@tensorflow/tfjs-layers', 'long'],
  /** How the names of those files begin that are written for Node. */
  forNode: ['detection/node', 'detection/backend/node', 'detection/engine/writers/', 'detection/files/'],
};
