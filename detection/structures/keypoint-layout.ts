/** The K keypoints that each object has: of a data set, and of a detector that finds them. Indices count from 0. */
export interface KeypointLayout {
  /** K names. */
  readonly names: readonly string[];
  /** Keypoints that change places where a picture is mirrored: left and right eye. Each occurs once at most. */
  readonly flipPairs: readonly (readonly [first: number, second: number])[];
  /** Keypoints that drawings join by a line. */
  readonly skeleton: readonly (readonly [from: number, to: number])[];
  /**
   * K: how far, in parts of an object's size, people put a keypoint apart; COCO's object keypoint similarity (OKS) is in these
   * units. Absent: nobody has measured it.
   */
  readonly sigmas?: readonly number[];
}

/** For each of the K keypoints, which one takes its place in a mirrored picture. */
export function flippedOrder({ names, flipPairs }: KeypointLayout): Int32Array {
  const order = Int32Array.from(names.keys());
  for (const [first, second] of flipPairs) {
    order[first] = second;
    order[second] = first;
  }
  return order;
}

/** Names of keypoints of which nothing but the number is known: `keypoint 1` and so on. */
export function numberedKeypoints(count: number): string[] {
  return Array.from({ length: count }, (_, k) => `keypoint ${k + 1}`);
}

/** Whether names are those of `numberedKeypoints`: they could be any keypoints. */
export function areNumbered(names: readonly string[]): boolean {
  return numberedKeypoints(names.length).every((name, k) => name === names[k]);
}

/** COCO's 17 keypoints of a person, which torchvision's keypointrcnn_resnet50_fpn is trained on; sigmas of pycocotools' Params. */
export const cocoPersonKeypoints: KeypointLayout = {
  names: [
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
  ],
  flipPairs: [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
    [11, 12],
    [13, 14],
    [15, 16],
  ],
  skeleton: [
    [15, 13],
    [13, 11],
    [16, 14],
    [14, 12],
    [11, 12],
    [5, 11],
    [6, 12],
    [5, 6],
    [5, 7],
    [6, 8],
    [7, 9],
    [8, 10],
    [1, 2],
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 4],
    [3, 5],
    [4, 6],
  ],
  sigmas: [
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087,
    0.089, 0.089,
  ],
};
