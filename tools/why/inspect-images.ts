import type { CocoDataset, CocoImage } from '../../datasets/coco/annotations';
import { gtObjects, type GtObject } from '../../datasets/coco/targets';
import { cocoExamples } from '../../datasets/examples';
import { yieldToEventLoop } from '../../datasets/inference/yield-to-event-loop';
import { EvaluationLoader } from '../../datasets/loader/evaluation-loader';
import { inspectLosses, type InspectedLosses } from '../../detection/engine/inspect-losses';
import type { Detector } from '../../detection/modeling/detector';
import type { Boxes } from '../../detection/structures/boxes';
import type { Size } from '../../detection/structures/size';
import { wantedTargets } from '../run/wanted-targets';

/** What a detector makes of one annotated image. */
export interface InspectedImage {
  readonly image: CocoImage;
  /** The objects, in the order that rows of samples count them in. */
  readonly objects: readonly GtObject[];
  /** Of the objects, in pixels of the resized image. */
  readonly gtBoxes: Boxes;
  /** Of each object, 1..K. */
  readonly labels: readonly number[];
  /** As the detector has seen it, pixels. */
  readonly resized: Size;
  /** One for each draw of the samples. */
  readonly draws: readonly InspectedLosses[];
}

/**
 * Computes the losses of some images of a data set, each by itself, and what they are made of.
 *
 * @param dataset told by the detector's categories
 * @param draws of the sampler, which seeds tell apart
 * @throws ImageError; the signal's reason
 */
export async function* inspectImages(
  model: Detector,
  dataset: CocoDataset,
  draws: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<InspectedImage, void> {
  const batches = new EvaluationLoader(cocoExamples(dataset, wantedTargets(model)), {
    input: model.input,
  });
  for await (const batch of batches) {
    await yieldToEventLoop(signal);
    const image = dataset.imageOf(batch.imageIds[0])!;
    const objects = gtObjects(dataset, image);
    yield {
      image,
      objects,
      gtBoxes: batch.targets[0].boxes,
      labels: objects.map(({ annotation }) => dataset.labelOf(annotation.categoryId)),
      resized: batch.images.sizes[0],
      draws: draws.map((draw) => inspectLosses(model, batch, `why/${draw}`)),
    };
  }
}
