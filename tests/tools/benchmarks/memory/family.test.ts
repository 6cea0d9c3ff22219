import * as tf from '@tensorflow/tfjs-core';
import { parseHTML } from 'linkedom';
import { loadBackend } from '../../../../detection/backend/node';
import { crossingsIn, groupCrossings } from '../../../../tools/benchmarks/memory/crossings';
import { familyCases, familyCasesNamed } from '../../../../tools/benchmarks/memory/family-cases';
import { familyPage } from '../../../../tools/benchmarks/memory/family-page';
import {
  detailRows,
  markdownTable,
  peakRows,
  savingOf,
  type FamilyResult,
} from '../../../../tools/benchmarks/memory/family-table';
import type { MemoryCase, MemoryMeasurement } from '../../../../tools/benchmarks/memory/memory-case';
import { formNames, type FormName } from '../../../../tools/benchmarks/memory/training-forms';
import { expectNoTensorLeaks } from '../../../detection/tensor-leaks';

beforeAll(() => loadBackend());
expectNoTensorLeaks();

/** Peaks in MB. */
const PEAKS: Readonly<Record<FormName, number>> = {
  'in-model, heads in the forward': 700,
  'in-model': 900,
  'separated, sampling forward': 800,
  'separated, dense forward': 1000,
  'separated, losses as outputs': 700,
};

function measured({ form, autograd }: MemoryCase): MemoryMeasurement {
  const highest = PEAKS[form] * (autograd === 'ours' ? 1e6 : 2e6);
  const isSeparated = form.startsWith('separated');
  return {
    liveBytes: {
      highest,
      at: { kernel: 'Add', phase: 'backward', groups: [] },
      atSeam: isSeparated ? 5e8 : null,
      atLosses: 5.1e8,
      atRest: 3e8,
      trace: [0, 1, 2].map((i) => ({ milliseconds: 10 * i, bytes: (i + 1) * 1e8 })),
    },
    crossings: isSeparated
      ? [{ name: 'maps[].logits', count: 2, shapes: [[1, 91], [4]], bytes: 1_500_000 }]
      : null,
    residentPeakBytes: 2 * highest,
    seconds: 1.25,
    disturbed: false,
    losses: {},
    gradientNorms: {},
  };
}

function resultOf(name: string): FamilyResult {
  const [{ detector, cases }] = familyCasesNamed([name]);
  const results = cases.map((memoryCase) => ({
    memoryCase,
    measurement: measured(memoryCase),
    difference: { losses: 0, gradients: 0 },
  }));
  return { name, detector, comparison: { setting: cases[0], results } };
}

test('each detector is measured in all forms that it has, one of them under both autograds, some at two sizes', () => {
  const counts = familyCases.map(({ name, cases }) => [name, cases.length]);
  expect(Object.fromEntries(counts)).toEqual({
    'faster-512': 10,
    'mask-512': 5,
    'keypoint-512': 5,
    'cascade-512': 5,
    'retinanet-512': 4,
    'fcos-512': 4,
    'faster-800-batch-2': 5,
    'cascade-800-batch-2': 5,
    'retinanet-800-batch-2': 4,
    'fcos-800-batch-2': 4,
  });
  for (const { cases } of familyCases)
    for (const { model, size, batch, boxes } of cases)
      expect({ model, size, batch, boxes }).toMatchObject({ model: cases[0].model, size: cases[0].size });
  expect(() => familyCasesNamed(['fcos-512', 'fcos-513'])).toThrow(
    '--case fcos-513: there is no such case; there are faster-512, mask-512',
  );
});

test('saved is what the best separated form needs more, of all of it and of what a step adds', () => {
  const saving = savingOf(resultOf('cascade-512'))!;
  expect(saving.ofPeak).toBeCloseTo(100 / 800, 10);
  expect(saving.ofStep).toBeCloseTo(100 / 500, 10);
  const table = markdownTable(peakRows([resultOf('faster-512'), resultOf('fcos-800-batch-2')]));
  expect(table.split('\n').slice(1)).toEqual([
    `| ${Array.from({ length: 8 }, () => '---').join(' | ')} |`,
    '| Faster R-CNN, 512x512 | 700 | 900 | 800 | 1000 | 700 | 13 % | 20 % |',
    '| FCOS, 800x800, batch 2 | 700 | 900 |  | 1000 | 700 | 30 % | 43 % |',
  ]);
});

test('the details have a row for each process', () => {
  const rows = detailRows([resultOf('faster-512')]);
  expect(rows).toHaveLength(11);
  expect(rows[3].slice(0, 6)).toEqual([
    'Faster R-CNN, 512x512',
    'separated, sampling forward',
    '800 MB',
    'backward',
    '500 MB',
    '1.50 MB',
  ]);
  expect(rows[6][1]).toBe('in the model, gradients in the forward, variableGrads');
});

test('the page shows tables, bars, what passes the seam and the course of a step, and loads nothing', () => {
  const page = familyPage([resultOf('mask-512'), resultOf('fcos-512')], [['CPU', '<b>two</b> cores']]);
  const { document }: { document: Document } = parseHTML(page);
  expect(document.querySelectorAll('svg')).toHaveLength(3);
  expect(document.querySelectorAll('details')).toHaveLength(5);
  expect(document.querySelector('details')!.textContent).toMatch(
    /maps\[\]\.logits2\[1, 91\] \.\. \[4\]1,500,000/,
  );
  expect(document.querySelectorAll('.legend li')).toHaveLength(formNames.length);
  expect(page).toContain('&lt;b&gt;two&lt;/b&gt; cores');
  expect(page).not.toMatch(/<script|<link|@import|https?:\/\/(?!www\.w3\.org)/);
});

test('everything that passes a seam is listed, and what two tensors share is counted once', () => {
  const logits = tf.zeros([2, 3]);
  const outputs = {
    levels: [{ logits, same: tf.clone(logits) }, { logits: tf.zeros([4]) }],
    labels: Int32Array.of(1, 2),
    valid: Uint8Array.of(1),
    count: 3,
    nothing: undefined,
  };
  const crossings = crossingsIn(outputs);
  expect(crossings.map(({ name, isTensor }) => [name, isTensor])).toEqual([
    ['levels[0].logits', true],
    ['levels[0].same', true],
    ['levels[1].logits', true],
    ['labels', false],
    ['valid', false],
    ['count', false],
  ]);
  expect(groupCrossings(crossings)).toEqual([
    { name: 'levels[].logits', count: 2, shapes: [[2, 3], [4]], bytes: 40 },
    { name: 'levels[].same', count: 1, shapes: [[2, 3]], bytes: 0 },
    { name: 'labels', count: 1, shapes: [[2]], bytes: 8 },
    { name: 'valid', count: 1, shapes: [[1]], bytes: 1 },
    { name: 'count', count: 1, shapes: [[]], bytes: 8 },
  ]);
  tf.dispose([...outputs.levels]);
});
