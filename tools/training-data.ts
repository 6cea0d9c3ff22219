import type { CocoDataset } from '../datasets/coco/annotations';
import { readCocoDataset } from '../datasets/coco/annotations';
import { shownValue } from '../datasets/coco/problems';
import { gtTargets } from '../datasets/coco/targets';
import { cocoExamples } from '../datasets/loader/examples';
import { InputError } from '../detection/errors';
import { checkPictures } from './check-pictures';
import type { TrainingConfiguration } from './config/schema';
import { say } from './progress';

/** What a run trains on, and what it evaluates on, if anything. */
export interface TrainingData {
  readonly train: CocoDataset;
  readonly val: CocoDataset | undefined;
}

/**
 * Reads and checks everything that a run will use.
 *
 * @throws InputError where a file or a picture is wrong, or the two sets do not go together.
 */
export async function readTrainingData({ data }: TrainingConfiguration): Promise<TrainingData> {
  if ((data.valAnnotations === null) !== (data.valImages === null)) {
    throw new InputError('--val-annotations and --val-images go together: give both or neither');
  }
  const train = await readSet(data.trainAnnotations, data.trainImages);
  if (train.images.length === 0) throw new InputError(`${train.file}: has no images to train on`);
  if (train.categories.length === 0) throw new InputError(`${train.file}: has no categories`);
  if (train.images.every((image) => gtTargets(train, image).gtLabels.length === 0)) {
    throw new InputError(`${train.file}: no image has an object to learn from`);
  }
  if (data.valAnnotations === null || data.valImages === null) return { train, val: undefined };
  const val = await readSet(data.valAnnotations, data.valImages);
  requireKnownCategories(train, val);
  return { train, val };
}

/** Reads a data set and looks at its pictures; notes go to the user. */
export async function readSet(annotations: string, images: string): Promise<CocoDataset> {
  const dataset = await readCocoDataset(annotations, images);
  for (const note of dataset.notes) say(`${annotations}: ${note}`);
  await checkPictures(cocoExamples(dataset));
  return dataset;
}

function requireKnownCategories(train: CocoDataset, val: CocoDataset): void {
  for (const { id, name } of val.categories) {
    if (!train.hasCategory(id)) {
      throw new InputError(`${val.file}: category ${id} (${shownValue(name)}) is not in ${train.file}`);
    }
    const known = train.categoryOf(train.labelOf(id)).name;
    if (known !== name) {
      throw new InputError(
        `${val.file}: category ${id} is called ${shownValue(name)}, in ${train.file} ${shownValue(known)}`,
      );
    }
  }
}
