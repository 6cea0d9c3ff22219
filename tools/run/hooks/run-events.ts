import sharp from 'sharp';
import { overlaySvg } from '../../../datasets/drawing/overlay-svg';
import type { SummaryImage } from '../../../detection/events/event-storage';
import type { Hyperparameters } from '../../../detection/engine/writers/tensorboard/summaries';
import { TensorBoardWriter } from '../../../detection/engine/writers/tensorboard/tensorboard-writer';
import type { CompleteConfiguration } from '../../config/complete';

/** How often a run's histograms are taken: enough to see them move, at a cost that does not grow with the run. */
const DETAILS_PER_RUN = 50;
const PICTURE_QUALITY = 85;

/** Writes a run's events for TensorBoard into its folder. */
export function runEvents(configuration: CompleteConfiguration, folder: string): TensorBoardWriter {
  return new TensorBoardWriter({
    folder,
    detailsEvery: Math.ceil(configuration.iterations / DETAILS_PER_RUN),
    hyperparameters: flatten(configuration),
    encodeImage,
  });
}

/**
 * A configuration by dotted keys, as `--set` takes them; lists as JSON. What is null is left out: a key has numbers or
 * texts in all runs that are compared.
 */
export function flatten(configuration: object, prefix = ''): Hyperparameters {
  return Object.fromEntries(
    Object.entries(configuration).flatMap(([key, value]: [string, unknown]) => {
      if (value === null || value === undefined) return [];
      if (Array.isArray(value)) return [[`${prefix}${key}`, JSON.stringify(value)]];
      if (typeof value === 'object') return Object.entries(flatten(value, `${prefix}${key}.`));
      return [[`${prefix}${key}`, value]];
    }),
  ) as Hyperparameters;
}

/** A JPEG file with the boxes drawn. */
async function encodeImage({ width, height, pixels, boxes = [] }: SummaryImage): Promise<Uint8Array> {
  const size = { width, height };
  return sharp(pixels, { raw: { ...size, channels: 3 } })
    .composite([{ input: Buffer.from(overlaySvg(size, boxes)), density: 72 }])
    .removeAlpha() // which composing adds
    .jpeg({ quality: PICTURE_QUALITY, chromaSubsampling: '4:4:4' }) // thin lines keep their color
    .toBuffer();
}
