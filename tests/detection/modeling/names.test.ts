import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { modelDefinitions } from '../../../detection/modeling/definitions';

const root = path.resolve(__dirname, '../../..');

/** What only models know: their classes, losses, and the names of their entries. */
const NAMES = [
  /\b(FasterRcnn|Fcos|Ssd|SsdLite)\b|\b(import|new|instanceof)\b.*\bRetinaNet\b/,
  /\bloss_(objectness|rpn_box_reg|classifier|box_reg|mask|keypoint)\b|\bbbox_(regression|ctrness)\b/,
  /\b(box|mask|keypoint)_predictor\b|\b(mask|keypoint)_head\b|\bcls_score\b|\bbbox_pred\b|\broi_heads\b/,
  /\b(classification|regression)_head\b|\bcls_logits\b|\bbbox_reg\b/,
  /\bbackbone\.(body|fpn|features|extra)\b|\bproposal_generator\b/,
];

/** Who may use these names: models, formats of files, the demo and the cases of benchmarks. */
const MAY_NAME = [
  'detection/modeling/',
  'weights/formats/',
  'tools/benchmarks/',
  'tools/cli/demo',
  'detection/index.ts',
];

const sources = execFileSync('git', ['ls-files', 'detection', 'datasets', 'weights', 'tools'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file.endsWith('.ts'));

test('outside of detection/modeling no file names a model, a loss or an entry', () => {
  const found = sources
    .filter((file) => !MAY_NAME.some((place) => file.startsWith(place)))
    .flatMap((file) =>
      readFileSync(path.join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, i) =>
          NAMES.some((name) => name.test(line)) ? [`${file}:${i + 1}: ${line.trim()}`] : [],
        ),
    );
  expect(sources.length).toBeGreaterThan(300);
  expect(found).toEqual([]);
});

test('models have names of their own', () => {
  const names = modelDefinitions.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
