import { encodeMask, rleArea, rleFromMask, rleToBox, type CompressedRle } from '../coco/masks/rle';
import { ARTWORK_URL, ATTRIBUTION, CATEGORIES, LICENSE } from './artwork';
import { SYNTHESIS_DEFAULTS } from './defaults';
import type { SceneObject } from './scene';

/** What a generated set depends on: the same settings give the same files. */
export interface SynthesisSettings {
  /** Number of scenes in `train.json`. */
  readonly numTrain: number;
  /** Number of scenes in `val.json`. */
  readonly numVal: number;
  /** Height and width of a scene in pixels. */
  readonly size: number;
  /** Most objects of a scene, 12 if left out; at least a quarter of them are there. */
  readonly numObjects?: number;
  /** The size of a scene that has objects of this size, pixels; `size` if left out. */
  readonly detail?: number;
  /** Seed of all random choices. */
  readonly seed: number;
}

/** Counts up when the same settings give other scenes than before. */
const VERSION = '1';

/** The head of both files of a set; by it a set is recognized. */
export interface SetInfo {
  readonly description: string;
  readonly url: string;
  readonly version: string;
  readonly contributor: string;
  readonly attribution: string;
  readonly settings: SynthesisSettings;
}

interface ImageEntry {
  readonly id: number;
  readonly license: number;
  readonly file_name: string;
  readonly width: number;
  readonly height: number;
}

interface Annotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  /** Around the visible part: x, y, width, height. */
  readonly bbox: readonly [number, number, number, number];
  /** Visible pixels. */
  readonly area: number;
  readonly segmentation: CompressedRle;
  readonly iscrowd: 0;
}

export function setInfo({
  numTrain,
  numVal,
  size,
  numObjects = SYNTHESIS_DEFAULTS.numObjects,
  detail,
  seed,
}: SynthesisSettings): SetInfo {
  return {
    description: 'Generated cut-and-paste scenes',
    url: ARTWORK_URL,
    version: VERSION,
    contributor: 'faster-rcnn, rcnn synthesize',
    attribution: ATTRIBUTION,
    // What is as usual is not said: sets of earlier versions, which said neither, are recognized.
    settings: {
      numTrain,
      numVal,
      size,
      ...(numObjects !== SYNTHESIS_DEFAULTS.numObjects && { numObjects }),
      ...(detail !== undefined && { detail }),
      seed,
    },
  };
}

/** Collects scenes into one COCO instances file. */
export class InstancesFile {
  private readonly images: ImageEntry[] = [];
  private readonly annotations: Annotation[] = [];

  constructor(private readonly info: SetInfo) {}

  add(imageId: number, fileName: string, objects: readonly SceneObject[]): void {
    const { size } = this.info.settings;
    const dimensions = { width: size, height: size };
    this.images.push({ id: imageId, license: LICENSE.id, file_name: fileName, ...dimensions });
    for (const { category, mask } of objects) {
      const rle = rleFromMask(mask, dimensions);
      this.annotations.push({
        id: this.annotations.length + 1, // never 0: pycocotools cannot match that one
        image_id: imageId,
        category_id: category + 1,
        bbox: rleToBox(rle),
        area: rleArea(rle),
        segmentation: encodeMask(mask, dimensions),
        iscrowd: 0,
      });
    }
  }

  toJson(): string {
    const categories = CATEGORIES.map(({ name }, index) => ({
      id: index + 1,
      name,
      supercategory: 'artwork',
    }));
    return JSON.stringify({
      info: this.info,
      licenses: [LICENSE],
      images: this.images,
      annotations: this.annotations,
      categories,
    });
  }
}
