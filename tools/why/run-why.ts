import path from 'node:path';
import type { CocoDataset, CocoImage } from '../../datasets/coco/annotations';
import { decodeImage } from '../../datasets/images/decode';
import { tableName, textTable } from '../../datasets/text-table';
import { InputError } from '../../detection/errors';
import { writeWholeFile } from '../../detection/files/whole-file';
import { openDetector, type GivenDetector } from '../run/open-detector';
import { readSet } from '../run/training-data';
import { encodePicture } from '../html/encode-picture';
import { interruptible } from '../terminal/interruption';
import { writeJson } from '../terminal/output-files';
import { logLine } from '../terminal/progress';
import { terminalText } from '../terminal/terminal-text';
import { explain, type Explanation } from './explanation';
import { inspectImages } from './inspect-images';
import { asDetectorSees } from './open-inspection';
import { whyPage } from './why-page';

/** What is to be explained, and where that goes. */
export interface WhyOptions {
  readonly weights: string;
  readonly given: GivenDetector;
  readonly annotations: string;
  readonly images: string;
  /** File name or id of an image. */
  readonly picture: string;
  readonly seed: number;
  readonly output?: string | undefined;
  readonly json?: string | undefined;
}

/** Longer side of the picture in the page, pixels. */
const PICTURE_SIDE = 1200;
const QUALITY = 82;

/**
 * Shows why a detector's losses of an annotated picture are what they are.
 *
 * @throws InputError where the set or the detector cannot be used, or the set has no such picture; Interrupted.
 */
export async function explainPicture(options: WhyOptions): Promise<void> {
  const { weights, given, annotations, images, picture, seed, output, json } = options;
  const detector = await openDetector(weights, given);
  const { model } = detector;
  try {
    const { definition } = model;
    const whole = await readSet(annotations, images, { checksPictures: false, needs: definition.needs });
    const image = imageNamed(whole, picture);
    const one = whole.with({ images: [image], annotations: [...whole.annotationsOf(image.id)] });
    const set = asDetectorSees(one, detector, logLine);
    await interruptible(async (signal) => {
      for await (const inspected of inspectImages(model, set, [seed], signal)) {
        const explanation = explain(inspected, model.categories);
        process.stdout.write(`${terminalText(summaryOf(explanation))}\n`);
        const [{ tables }] = inspected.draws;
        if (output !== undefined) {
          const page = await whyPage({
            explanation,
            tables: new Map([...tables].map(([name, [table]]) => [name, table])),
            jpeg: await pictureOf(set, image),
            model: definition.name,
            weights,
            seed,
          });
          writeWholeFile(output, page, { makeFolder: true });
        }
        if (json !== undefined) writeJson(json, { model: definition.name, weights, seed, ...explanation });
      }
    });
  } finally {
    model.dispose();
  }
}

/** By its file name, the end of one, or its id. @throws InputError */
function imageNamed({ file, images }: CocoDataset, picture: string): CocoImage {
  const found =
    images.find(({ fileName }) => fileName === picture) ??
    images.find(({ id }) => String(id) === picture) ??
    images.find(({ fileName }) => path.basename(fileName) === path.basename(picture));
  if (found) return found;
  throw new InputError(
    'no-such-picture',
    `${file}: has no picture ${picture}; name one by its file_name or its id there, ${images[0]?.fileName ?? 'of which it has none'} for instance`,
    { file, picture },
  );
}

async function pictureOf({ imageFolder }: CocoDataset, image: CocoImage): Promise<Buffer> {
  const { width, height } = image;
  const decoded = await decodeImage(path.join(imageFolder ?? '', image.fileName), { upright: true });
  const scale = Math.min(1, PICTURE_SIDE / Math.max(width, height));
  const shown = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return encodePicture(decoded, shown, QUALITY);
}

/** What each object adds to each loss, and what there were of candidates. */
function summaryOf({ file, losses, objects, background, tables }: Explanation): string {
  const names = Object.keys(losses);
  const number = (value: number): string => value.toFixed(4);
  const rows = [
    ...objects.map(({ category = '' }, i) => [`${i + 1} ${tableName(category)}`, objects[i].losses] as const),
    ['background', background.losses] as const,
    ['all', losses] as const,
  ].map(([title, of]) => [title, ...names.map((name) => number(of[name]))]);
  const candidates = tables.map((table) => [
    table.name,
    ...[table.total, table.positive, table.ignored, table.sampledPositive, table.sampledBackground].map(
      String,
    ),
  ]);
  return [
    ...textTable([[tableName(file), ...names], ...rows]),
    '',
    ...textTable([['candidates', 'all', 'positive', 'ignored', 'sampled', 'background'], ...candidates]),
  ].join('\n');
}
