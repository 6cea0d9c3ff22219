import type { CocoAnnotation } from '../../coco/annotations';
import { countLabeled } from '../../coco/keypoints/keypoint-faults';
import { shownValue } from '../../coco/problems';
import type { TruthNotes } from './truth-notes';

/** Reads the keypoints of a file's annotations, all of which have as many. */
export class TruthKeypoints {
  private first?: { readonly count: number; readonly place: string };

  constructor(private readonly notes: TruthNotes) {}

  /**
   * The keypoints of an annotation, or what is wrong with them. One without any is ignored where keypoints are evaluated, as
   * pycocotools ignores those whose `num_keypoints` is 0.
   *
   * @param place of the annotation
   */
  read(
    { keypoints, num_keypoints: given }: Readonly<Record<string, unknown>>,
    place: string,
  ): Pick<CocoAnnotation, 'keypoints' | 'numKeypoints'> | string {
    if (keypoints === undefined || keypoints === null || (Array.isArray(keypoints) && !keypoints.length)) {
      this.notes.withoutKeypoints.add(place);
      return { numKeypoints: 0 };
    }
    if (!Array.isArray(keypoints)) return `it is ${shownValue(keypoints)}, not a list of numbers`;
    const wrong = keypoints.find((value) => !Number.isFinite(value)) as unknown;
    if (wrong !== undefined) return `it has ${shownValue(wrong)}, which is no finite number`;
    const { length } = keypoints;
    if (length % 3 !== 0) return `it has ${length} numbers, not x, y and visibility of each keypoint`;
    this.first ??= { count: length, place };
    if (length !== this.first.count)
      return `it has ${length} numbers; those of ${this.first.place} are ${this.first.count}`;
    const numbers = keypoints as number[];
    const labeled = countLabeled(numbers);
    if (given === undefined) {
      this.notes.withoutNumKeypoints.add(place);
      return { keypoints: numbers, numKeypoints: labeled };
    }
    const numKeypoints = typeof given === 'boolean' ? Number(given) : given;
    if (typeof numKeypoints !== 'number') return `num_keypoints is ${shownValue(given)}, not a number`;
    if ((numKeypoints === 0) !== (labeled === 0)) this.notes.otherNumKeypoints.add(place);
    return { keypoints: numbers, numKeypoints };
  }
}
