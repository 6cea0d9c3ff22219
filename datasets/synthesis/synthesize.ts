import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import sharp from 'sharp';
import { InputError } from '../../detection/errors';
import { makeWholeFolder } from '../../detection/files/whole-folder';
import { RandomStream } from '../../detection/nn/random';
import { CATEGORIES, DISTRACTORS } from './artwork';
import { makeNoiseTable, photograph } from './camera';
import { JPEG_QUALITY, SYNTHESIS_DEFAULTS } from './defaults';
import { InstancesFile, setInfo, type SynthesisSettings } from './instances-file';
import { composeScene } from './scene';
import { loadSprite } from './sprite';

/** The least size at which an object of 28 / 320 still has the pixels of a few strokes. */
const MIN_SIZE = 64;
const MAX_SIZE = 2048;
/** One object at least, and a distractor. */
const MIN_OBJECTS = 2;
const MAX_OBJECTS = 500;
/** Names have six digits. */
const MAX_IMAGES = 999_999;
const MAX_SEED = 2 ** 31 - 1;

/** Which scenes are made, and where. The demo's numbers where they are left out. */
export interface SynthesisOptions extends Partial<SynthesisSettings> {
  /** Folder to make: images/, train.json and val.json. */
  readonly output: string;
  /** Is told how many scenes are made, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between two scenes; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/** What has been done. */
export interface SynthesisResult {
  /** The folder already held this very set, and nothing was done. */
  readonly reused: boolean;
}

/**
 * Makes a data set of cut-and-paste scenes in COCO's format: `images/000001.jpg`..., `train.json` and `val.json`.
 * Each scene has a random stream of its own, by split and number: a larger set begins with the scenes of a
 * smaller one. The folder appears when all is done, or not at all.
 *
 * @throws InputError where the settings make no sense, or the output folder holds anything but this very set
 */
export async function synthesize(options: SynthesisOptions): Promise<SynthesisResult> {
  const { output, onProgress, signal } = options;
  const settings = checkedSettings({ ...SYNTHESIS_DEFAULTS, ...definedOnly(options) });
  if (await holdsSet(output, settings)) return { reused: true };

  await makeWholeFolder(path.resolve(output), (folder) => writeSet(folder, settings, onProgress, signal));
  return { reused: false };
}

/** Without keys that are there but undefined, which would hide the defaults. */
function definedOnly(options: SynthesisOptions): Partial<SynthesisSettings> {
  const { numTrain, numVal, size, numObjects, detail, seed } = options;
  return Object.fromEntries(
    Object.entries({ numTrain, numVal, size, numObjects, detail, seed }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

function checkedSettings(settings: SynthesisSettings): SynthesisSettings {
  const { numTrain, size, detail } = settings;
  const check = (setting: keyof SynthesisSettings, name: string, low: number, high: number) => {
    const value = settings[setting] ?? NaN;
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InputError(
        'synthesis-setting',
        `${name} is ${value}; scenes need a whole number from ${low} to ${high}.`,
        { setting, value, low, high },
      );
    }
  };
  check('numTrain', 'The number of training images', 1, MAX_IMAGES);
  check('numVal', 'The number of validation images', 1, MAX_IMAGES - numTrain);
  check('size', 'The image size', MIN_SIZE, MAX_SIZE);
  check('numObjects', 'The most objects of a scene', MIN_OBJECTS, MAX_OBJECTS);
  if (detail !== undefined) check('detail', 'The detail', MIN_SIZE, size);
  check('seed', 'The seed', 0, MAX_SEED);
  return settings;
}

/** Whether the folder holds the set with these settings. False where there is no folder or an empty one. */
async function holdsSet(output: string, settings: SynthesisSettings): Promise<boolean> {
  let names: string[];
  try {
    names = await readdir(output);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    if (code !== 'ENOTDIR') throw error;
    throw new InputError(
      'synthesis-output-file',
      `${output} is a file; the scenes need a folder. Choose another place for them.`,
      { output },
    );
  }
  if (names.length === 0) return false;
  try {
    const images = await readdir(path.join(output, 'images'));
    if (images.length === settings.numTrain + settings.numVal) {
      const infos = await Promise.all(['train.json', 'val.json'].map((name) => readInfo(output, name)));
      if (infos.every((info) => isDeepStrictEqual(info, setInfo(settings)))) return true;
    }
  } catch {
    // Unreadable: then it is not this set.
  }
  throw new InputError(
    'synthesis-output-used',
    `${output} is not empty and does not hold the scenes that these settings give. ` +
      'Delete it or choose another folder.',
    { output },
  );
}

async function readInfo(folder: string, name: string): Promise<unknown> {
  const file: unknown = JSON.parse(await readFile(path.join(folder, name), 'utf8'));
  return typeof file === 'object' && file !== null && 'info' in file ? file.info : undefined;
}

async function writeSet(
  folder: string,
  settings: SynthesisSettings,
  onProgress?: SynthesisOptions['onProgress'],
  signal?: AbortSignal,
): Promise<void> {
  const {
    numTrain,
    numVal,
    size,
    numObjects = SYNTHESIS_DEFAULTS.numObjects,
    detail = size,
    seed,
  } = settings;
  await mkdir(path.join(folder, 'images'));
  const categories = await Promise.all(CATEGORIES.map(loadSprite));
  const distractors = await Promise.all(DISTRACTORS.map(loadSprite));
  const noiseTable = makeNoiseTable(seed);

  let imageId = 0;
  for (const [split, count] of [['train', numTrain] as const, ['val', numVal] as const]) {
    const instances = new InstancesFile(setInfo(settings));
    for (let index = 0; index < count; index++) {
      signal?.throwIfAborted();
      const stream = new RandomStream(seed, `synthesis/${split}/${index}`);
      const { canvas, objects } = composeScene(stream, categories, distractors, {
        size,
        detail,
        numObjects,
      });
      const picture = photograph(stream, canvas, noiseTable, detail);
      const fileName = `${String(++imageId).padStart(6, '0')}.jpg`;
      const jpeg = sharp(picture, { raw: { width: size, height: size, channels: 3 } }).jpeg({
        quality: JPEG_QUALITY,
      });
      // Not sharp's toFile: its errors do not say what the system refused.
      await writeFile(path.join(folder, 'images', fileName), await jpeg.toBuffer());
      instances.add(imageId, fileName, objects);
      onProgress?.(imageId, numTrain + numVal);
    }
    await writeFile(path.join(folder, `${split}.json`), instances.toJson());
  }
}
