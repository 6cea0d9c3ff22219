/**
 * Prints the tables of docs/parity.md: how far ours is from torchvision in float64, and how far torchvision is in float32.
 *
 *     npx ts-node tests/parity/table.ts [MODEL-PICTURES...]
 */
import { loadBackend } from '../../detection/backend/node';
import type { Differences, Quantity } from './compare';
import { caseName, largeCases, readFixture, smallCases, type ParityCase } from './fixture';
import { measure } from './measure';

interface Row {
  readonly parityCase: ParityCase;
  readonly ours: Differences;
  readonly rounding: Differences;
}

/** Columns of each table, and their titles. */
const TWO_STAGES = {
  'resized sizes': 'resized sizes',
  batch: 'batch',
  'FPN levels': 'FPN levels',
  'RPN logits': 'RPN logits',
  'RPN deltas': 'RPN deltas',
  'number of proposals': 'number of proposals',
  'proposals, pixels': 'proposals, pixels',
  'number of detections': 'unmatched detections',
  'detection boxes, pixels': 'boxes, pixels',
  'detection scores': 'scores',
  'mask pixels': 'mask pixels',
  'keypoints elsewhere': 'keypoints elsewhere',
  'keypoints, pixels': 'keypoints, pixels',
  'keypoint scores': 'their scores',
} as const satisfies Partial<Record<Quantity, string>>;

const ONE_STAGE = {
  batch: 'batch',
  'FPN levels': 'levels',
  anchors: 'anchors',
  'class logits': 'class logits',
  'box regression': 'box regression',
  centerness: 'centerness',
  candidates: 'candidates',
  'candidate boxes, pixels': 'their boxes, pixels',
  'number of detections': 'unmatched detections',
  'detection boxes, pixels': 'boxes, pixels',
  'detection scores': 'scores',
} as const satisfies Partial<Record<Quantity, string>>;

const TRAINING = {
  losses: 'losses',
  'gradient norms': 'gradient norms',
  'vanishing gradients': 'vanishing gradients',
  'losses after step 1': 'after step 1',
  'losses after step 2': 'step 2',
  'losses after step 3': 'step 3',
  'losses after step 4': 'step 4',
  'losses after step 5': 'step 5',
} as const satisfies Partial<Record<Quantity, string>>;

async function main(wanted: readonly string[]): Promise<void> {
  await loadBackend();
  const rows: Row[] = [];
  for (const parityCase of [...smallCases, ...largeCases]) {
    if (wanted.length > 0 && !wanted.includes(caseName(parityCase))) continue;
    const fixture = readFixture(parityCase);
    const { differences } = await measure(parityCase, fixture);
    rows.push({ parityCase, ours: differences, rounding: fixture.rounding });
  }
  const isOneStage = ({ rounding }: Row): boolean => 'anchors' in rounding;
  const size = ({ minSize, maxSize }: ParityCase): string => `${minSize}/${maxSize}`;
  const twoStages = rows.filter((row) => !isOneStage(row));
  print('Inference: two stages', TWO_STAGES, twoStages, size);
  print('Inference: one stage', ONE_STAGE, rows.filter(isOneStage), size);
  print('Training', TRAINING, rows, ({ train }) => `${train.minSize}/${train.maxSize}`);
}

function print(
  title: string,
  columns: Partial<Record<Quantity, string>>,
  rows: readonly Row[],
  size: (parityCase: ParityCase) => string,
): void {
  if (rows.length === 0) return;
  const line = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
  const titles = ['model', 'pictures', 'size', ...Object.values(columns)];
  console.log(`\n### ${title}\n`);
  line(titles);
  line(titles.map(() => '---'));
  for (const { parityCase, ours, rounding } of rows) {
    const cells = Object.keys(columns).map((quantity) =>
      quantity in rounding ? `${shown(ours[quantity])} / ${shown(rounding[quantity])}` : '',
    );
    line([parityCase.model, parityCase.pictures, size(parityCase), ...cells]);
  }
}

function shown(value: number): string {
  return value === 0 || !Number.isFinite(value) ? String(value) : value.toExponential(1);
}

void main(process.argv.slice(2));
