import path from 'node:path';
import { maskToPolygons } from '../../../datasets/coco/masks/mask-outline';
import type { StagedFiles } from '../../../detection/files/staged-files';
import type { KeypointLayout } from '../../../detection/structures/keypoint-layout';
import {
  objectsIn,
  type DetectionOutput,
  type FoundObject,
  type FoundPicture,
  type PictureInput,
} from './found-picture';
import { labelNames } from './output-names';

/** Of the format: LabelMe warns of files of another major version. */
const VERSION = '5.5.0';

/**
 * `--format labelme`: a JSON file for each picture, which LabelMe opens with the picture; `score` is a key of our own. An object is a
 * rectangle, or a polygon for each part of its mask; each keypoint that has been found is a point. All shapes of one object have the
 * same `group_id`.
 */
export class LabelmeFormat implements DetectionOutput {
  private readonly files: ReadonlyMap<PictureInput, string>;

  /** @throws InputError where the folder cannot be written to. */
  constructor(
    folder: string,
    inputs: readonly PictureInput[],
    private readonly staged: StagedFiles,
  ) {
    this.files = labelNames(inputs, { option: '--results', folder, extensionOf: () => '.json' });
  }

  add(found: FoundPicture): void {
    const file = this.files.get(found.input)!;
    const content = {
      version: VERSION,
      flags: {},
      shapes: objectsIn(found).flatMap((object, k) => shapesOf(object, k + 1, found.keypoints)),
      imagePath: path.relative(path.dirname(file), found.input.file),
      imageData: null,
      imageHeight: found.size.height,
      imageWidth: found.size.width,
    };
    this.staged.add(file, `${JSON.stringify(content, null, 2)}\n`);
  }

  finish(): undefined {
    // Each file has been staged.
  }
}

/** @param group the number of the object in its picture, from 1 */
function shapesOf(
  { box: [x1, y1, x2, y2], category, score, mask, keypoints = new Float32Array(0) }: FoundObject,
  group: number,
  layout: KeypointLayout | undefined,
): object[] {
  const polygons = mask ? maskToPolygons(mask) : [];
  const rectangle = [
    [x1, y1],
    [x2, y2],
  ];
  const outlines =
    polygons.length === 0
      ? [{ label: category.name, shape_type: 'rectangle', points: rectangle }]
      : polygons.map((polygon) => ({
          label: category.name,
          shape_type: 'polygon',
          points: pairs(polygon),
        }));
  const points = (layout?.names ?? []).flatMap((label, i) => {
    const [x, y, visibility] = keypoints.subarray(3 * i, 3 * i + 3);
    return visibility > 0 ? [{ label, shape_type: 'point', points: [[x, y]] }] : [];
  });
  const shapes = [...outlines, ...points];
  return shapes.map((shape) => ({
    ...shape,
    group_id: shapes.length > 1 ? group : null,
    description: '',
    flags: {},
    score,
  }));
}

function pairs(values: readonly number[]): number[][] {
  return values.flatMap((x, i) => (i % 2 === 0 ? [[x, values[i + 1]]] : []));
}
