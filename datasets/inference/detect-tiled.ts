import { detectionLimits } from '../../detection/modeling/detection-limits';
import type { Detections } from '../../detection/structures/instances';
import { resizedSize, type RgbImage } from '../../detection/structures/resize';
import type { Window } from '../../detection/structures/size';
import { placeInstances, scaleInstances } from '../../detection/structures/transform-instances';
import type { PictureParts } from '../images/picture-parts';
import { detectAugmented, type AugmentedOptions } from './detect-augmented';
import { scaledResize } from './detect-views';
import { mergeTiles, type TileDetections } from './merge-tiles';
import type { TileOptions } from './options';
import { tileGrid } from './tile-grid';
import type { PictureDetector } from './picture-detector';

/** How the tiles of a picture are shown. */
export interface TiledOptions extends AugmentedOptions {
  readonly tiles: TileOptions;
  /** Is told how many tiles are done, and of how many, after each batch. */
  readonly onTiles?: (done: number, total: number) => void;
}

/**
 * Detections in a picture by the whole of it and by its tiles, merged (`mergeTiles`), in its pixels, best first. The number of
 * detections is not limited: the detector's own limit is one of each tile. The detector resizes a tile as it does any picture.
 *
 * @throws the signal's reason, between two batches; what the picture's parts throw.
 */
export async function detectTiled(
  model: PictureDetector,
  picture: PictureParts,
  { tiles, onTiles, ...augmented }: TiledOptions,
): Promise<Detections> {
  const { size } = picture;
  const largest = scaledResize(model.input.resize, Math.max(...(augmented.scales ?? [1])));
  const whole = await picture.whole(resizedSize(size, largest));
  const [found] = await detectAugmented(model, [whole], augmented);
  const overview = scaleInstances(found, whole.size, size);
  const windows = tileGrid(size, tiles);
  // The tile is the picture.
  if (windows.length === 1) return overview;

  const inTiles: TileDetections[] = [];
  let batch: { readonly window: Window; readonly image: RgbImage }[] = [];
  const detectBatch = async (): Promise<void> => {
    const images = batch.map(({ image }) => image);
    const detections = await detectAugmented(model, images, augmented);
    batch.forEach(({ window }, k) =>
      inTiles.push({ window, detections: placeInstances(detections[k], window, size) }),
    );
    batch = [];
    onTiles?.(inTiles.length, windows.length);
  };
  for await (const { index, image } of picture.parts(windows)) {
    batch.push({ window: windows[index], image });
    if (batch.length === (augmented.batchSize ?? 1)) await detectBatch();
  }
  if (batch.length > 0) await detectBatch();
  return mergeTiles(overview, inTiles, size, detectionLimits(model).nmsThreshold);
}
