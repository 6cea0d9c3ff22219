import { Option, type Command } from 'commander';
import { MASK_FORMS, type MaskForm } from '../../datasets/evaluation/detect-images';
import { modelFileOf } from '../config/model-file';
import { DEFAULT_SCORE_THRESHOLD, parseThresholds, type GivenThresholds } from '../detect/score-thresholds';
import { runServe } from '../serve/run-serve';
import { addInferenceOptions, inferenceOptions, type GivenInference } from './inference-options';
import {
  addDetectorOptions,
  positive,
  PUBLISHED_WEIGHTS_HELP,
  requiredOption,
  wholeNumber,
  type DetectorOptions,
} from './options';

interface ServeCommandOptions extends DetectorOptions, GivenInference {
  readonly host: string;
  readonly port: number;
  readonly queue: number;
  readonly maxBytes: number;
  readonly timeout: number;
  readonly scoreThreshold?: GivenThresholds;
  readonly masks?: MaskForm;
}

/** A batch takes less time than its pictures do one after the other, and those that wait hardly wait longer. */
const DEFAULT_BATCH = 4;
/** 150 MB as RGB: a picture of a camera, and nothing that fills the memory. */
const DEFAULT_MAX_PIXELS = 50_000_000;

/** `rcnn serve`. */
export function serveCommand(command: Command): void {
  addInferenceOptions(addDetectorOptions(command), { batch: DEFAULT_BATCH, maxPixels: DEFAULT_MAX_PIXELS })
    .option('--host <address>', 'where it listens; 0.0.0.0 for all addresses of the machine', '127.0.0.1')
    .option('--port <n>', '0 for any that is free', wholeNumber(0), 8080)
    .option(
      '--score-threshold <t>',
      `leave out detections with a lower score (default: ${DEFAULT_SCORE_THRESHOLD}); as of rcnn detect`,
      parseThresholds,
    )
    .addOption(
      new Option(
        '--masks <form>',
        'how answers have masks: rle, compressed run lengths (default), or polygons',
      ).choices(MASK_FORMS),
    )
    .option(
      '--queue <n>',
      'pictures that are received, wait or are at work at most; others are told to come again (503)',
      wholeNumber(1),
      64,
    )
    .option('--max-bytes <n>', 'refuse files of more bytes (413)', wholeNumber(1), 20_000_000)
    .option('--timeout <seconds>', 'give up what has no answer after so long (503)', positive, 60)
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn serve --weights runs/first/best
  $ curl --data-binary @photo.jpg http://127.0.0.1:8080/detect
  $ curl -F picture=@photo.jpg http://127.0.0.1:8080/detect

POST /detect takes the bytes of a picture, or a form with one; the answer is an entry of what rcnn detect --json writes. GET
/health, /ready, /metrics (Prometheus) and /openapi.json. It listens on this machine alone unless --host says otherwise;
authentication and encryption belong to a proxy before it. Its address goes to the standard output when it is ready. Ctrl-C
or SIGTERM: it answers what it has, and ends.
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action(async (options: ServeCommandOptions) => {
      const { host, port, queue, maxBytes, timeout, scoreThreshold, masks } = options;
      const { batch = DEFAULT_BATCH, maxPixels = DEFAULT_MAX_PIXELS } = options;
      const { model, normEpsilon, minSize, maxSize, precision } = options;
      await runServe(
        {
          host,
          port,
          limits: { maxPictures: queue, maxBytes, batchSize: batch, timeoutSeconds: timeout },
          detector: {
            weights: requiredOption(options.weights, '--weights FILE'),
            given: {
              model: model && (modelFileOf(model) ?? model),
              normEpsilon,
              minSize,
              maxSize,
              precision,
            },
            scoreThreshold,
            inference: inferenceOptions({ ...options, batch, maxPixels }),
            masks,
          },
        },
        (url) => process.stdout.write(`${url}\n`),
      );
    });
}
