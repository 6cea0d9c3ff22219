import { keypointCount, type YoloKeypoints } from './yolo-keypoints';
import { parseShare, type Share } from './yolo-numbers';

/** What the lines of a label file may say. */
export interface LabelRules {
  /** Names of the classes by their numbers. */
  readonly names: ReadonlyMap<number, string>;
  /** Absent where the set has none. */
  readonly keypoints?: YoloKeypoints;
}

/** A line of a label file: an object. */
export interface YoloLabel {
  readonly classId: number;
  /** Center x, center y, width, height; absent where there is an outline instead. */
  readonly box?: readonly Share[];
  /** x, y of each corner. */
  readonly polygon?: readonly Share[];
  /** x, y, or x, y and visibility, of each keypoint that the class has. */
  readonly keypoints?: readonly Share[];
}

/** What is wrong with a line. */
export interface LineFault {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

const BOX_NUMBERS = 4;
const MIN_POLYGON_NUMBERS = 6;
/** Tools round, and what is at the edge gets beyond it. */
const TOLERANCE = 1e-6;

/** Reads the lines of a label file: `class cx cy width height`, or `class x1 y1 x2 y2 x3 y3 ...`. */
export function parseYoloLabels(
  lines: readonly string[],
  rules: LabelRules,
): { labels: YoloLabel[]; faults: LineFault[] } {
  const labels: YoloLabel[] = [];
  const faults: LineFault[] = [];
  lines.forEach((text, index) => {
    if (text === '') return;
    const label = parseLine(text.split(/\s+/), rules);
    if (typeof label === 'string') faults.push({ line: index + 1, reason: label });
    else labels.push(label);
  });
  return { labels, faults };
}

/** @returns what is wrong where it is no label. */
function parseLine([classText, ...words]: readonly string[], rules: LabelRules): YoloLabel | string {
  const { names, keypoints } = rules;
  const classId = Number(classText);
  if (!Number.isInteger(classId)) return `the class is ${quoted(classText)}, not a whole number`;
  if (!names.has(classId)) return `there is no class ${classId}: ${shownClasses(names)}`;
  const shares: Share[] = [];
  for (const word of words) {
    const share = parseShare(word);
    if (share === undefined) return `${quoted(word)} is not a number`;
    shares.push(share);
  }
  const numKeypointNumbers = keypoints ? keypoints.count * keypoints.dimensions : undefined;
  const kind =
    shares.length === BOX_NUMBERS
      ? 'box'
      : numKeypointNumbers !== undefined && shares.length === BOX_NUMBERS + numKeypointNumbers
        ? 'keypoints'
        : shares.length >= MIN_POLYGON_NUMBERS && shares.length % 2 === 0 && !keypoints
          ? 'polygon'
          : undefined;
  if (kind === undefined) return wrongCount(shares.length, numKeypointNumbers);
  const inside = kind === 'polygon' ? shares : shares.slice(0, BOX_NUMBERS);
  const outside = inside.findIndex(({ value }) => value < -TOLERANCE || value > 1 + TOLERANCE);
  if (outside !== -1)
    return `${words[outside]} is not from 0 to 1: coordinates are shares of the picture's width and height`;
  if (kind === 'polygon') return { classId, polygon: shares };
  const box = shares.slice(0, BOX_NUMBERS);
  if (kind === 'box') return { classId, box };
  const own = keypointsOf(shares.slice(BOX_NUMBERS), classId, keypoints!);
  return typeof own === 'string' ? own : { classId, box, keypoints: own };
}

/** Those that the class has, or what is wrong. */
function keypointsOf(
  shares: readonly Share[],
  classId: number,
  rules: YoloKeypoints,
): readonly Share[] | string {
  const { dimensions } = rules;
  const wrong = shares.findIndex(
    ({ value }, index) => dimensions === 3 && index % dimensions === 2 && ![0, 1, 2].includes(value),
  );
  if (wrong !== -1) {
    const at = Math.floor(wrong / dimensions) + 1;
    return `the visibility of keypoint ${at} is ${shares[wrong].value}; 0, 1 or 2 is expected`;
  }
  const count = keypointCount(rules, classId);
  const [own, others] = [shares.slice(0, count * dimensions), shares.slice(count * dimensions)];
  if (others.every(({ value }) => value === 0)) return own;
  return `there are more keypoints than the ${count} that kpt_names says the class ${classId} has`;
}

function wrongCount(count: number, numKeypointNumbers: number | undefined): string {
  const expected =
    numKeypointNumbers === undefined
      ? '4 (a box) or an even number from 6 up (an outline) are'
      : `4 (a box) or ${BOX_NUMBERS + numKeypointNumbers} (a box and keypoints) are`;
  const hint = count === BOX_NUMBERS + 1 ? '; with a score, this is a detection and no label' : '';
  return `${count} numbers follow the class; ${expected} expected${hint}`;
}

function shownClasses(names: ReadonlyMap<number, string>): string {
  return names.size === 1
    ? `the only one is ${[...names.keys()][0]}`
    : `they are 0 to ${Math.max(...names.keys())}`;
}

function quoted(word: string): string {
  return JSON.stringify(word.slice(0, 40));
}
