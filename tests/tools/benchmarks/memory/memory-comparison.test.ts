import { parseHTML } from 'linkedom';
import {
  formatComparison,
  type MemoryComparison,
} from '../../../../tools/benchmarks/memory/memory-comparison';
import type { MemoryMeasurement } from '../../../../tools/benchmarks/memory/memory-case';
import {
  baseSetting,
  describeSetting,
  memoryCases,
  memorySettings,
} from '../../../../tools/benchmarks/memory/memory-settings';
import { memoryPage } from '../../../../tools/benchmarks/memory/memory-page';

function measurement(highest: number, atSeam: number | null): MemoryMeasurement {
  return {
    liveBytes: {
      highest,
      at: { kernel: 'Add', phase: 'backward', groups: [] },
      atSeam,
      atLosses: 0.8 * highest,
      atRest: 0.2 * highest,
      trace: [0, 1, 2].map((i) => ({ milliseconds: 10 * i, bytes: (i + 1) * 1e8 })),
    },
    crossings: atSeam === null ? null : [{ name: 'logits[]', count: 2, shapes: [[3, 4]], bytes: 96e4 }],
    residentPeakBytes: 2 * highest,
    seconds: 1.25,
    disturbed: atSeam !== null,
    losses: { loss_objectness: 0.5 },
    gradientNorms: { weight: 1 },
  };
}

const base = baseSetting();

const comparison: MemoryComparison = {
  setting: { ...base, batch: 2 },
  results: memoryCases(base).map((memoryCase, i) => ({
    memoryCase,
    measurement: measurement((6 + i) * 1e8, memoryCase.form.startsWith('separated') ? 5e8 : null),
    difference: { losses: 0, gradients: i * 1e-6 },
  })),
};

test('settings change one thing at a time', () => {
  const settings = memorySettings(base, ['size', 'model']);
  expect(settings[0]).toEqual(base);
  expect(settings.map((setting) => describeSetting(setting, base))).toEqual([
    'base',
    'size 320',
    'size 800',
    'size 1024',
    'model fasterrcnn_resnet18_fpn',
    'model fasterrcnn_mobilenet_v3_large_fpn',
  ]);
  for (const setting of settings.slice(1)) {
    const changed = Object.entries(setting).filter(([key, value]) => base[key as 'size'] !== value);
    expect(changed).toHaveLength(1);
  }
});

test('the base may be another; what it is already is not measured twice', () => {
  const larger = baseSetting({ model: 'retinanet_resnet50_fpn', size: 800, batch: 2 });
  expect(larger).toEqual({ model: 'retinanet_resnet50_fpn', size: 800, batch: 2, boxes: 10 });
  const settings = memorySettings(larger, ['size', 'batch']);
  expect(settings.map((setting) => describeSetting(setting, larger))).toEqual([
    'base',
    'size 320',
    'size 1024',
    'batch 4',
  ]);
  expect(() => baseSetting({ model: 'retinanet' })).toThrow('there is no model retinanet');
});

test.each([
  ['retinanet_resnet50_fpn', 'proposals', 'size, batch, boxes, model'],
  ['ssdlite320_mobilenet_v3_large', 'model', 'size, batch, boxes'],
] as const)('what %s does not have cannot be varied: %s', (model, varied, known) => {
  expect(() => memorySettings(baseSetting({ model }), [varied])).toThrow(
    `--vary ${varied}: there is nothing of the kind to vary of ${model}; there are ${known}`,
  );
});

test.each([
  ['fasterrcnn_resnet50_fpn', 5],
  ['cascade_maskrcnn_resnet50_fpn', 5],
  ['retinanet_resnet50_fpn', 4],
  ['ssdlite320_mobilenet_v3_large', 3],
])('every form of %s is measured under both autograds', (model, count) => {
  const names = memoryCases(baseSetting({ model })).map(({ form, autograd }) => `${form}/${autograd}`);
  expect(new Set(names).size).toBe(2 * count);
});

test('the table has a row for each case, with units and what disturbed it', () => {
  const [title, , ...rows] = formatComparison(comparison).split('\n');
  expect(title).toBe('fasterrcnn_resnet50_fpn, 512 x 512, batch 2, 2000 proposals, 10 boxes an image');
  expect(rows).toHaveLength(10);
  expect(rows[0].replace(/ +/g, ' ')).toBe(
    'in-model, heads in the forward ours 600 MB backward - - 480 MB 1200 MB 1.25 0e+0',
  );
  expect(rows[2]).toContain('1.25 (disturbed)');
});

test('the page shows all rows, the best of them and a chart for each autograd, and loads nothing', () => {
  const page = memoryPage([comparison], [['CPU', '<b>two</b> cores']]);
  const { document }: { document: Document } = parseHTML(page);
  const rows = Array.from(document.querySelectorAll('section tr')).slice(1);
  expect(rows).toHaveLength(10);
  expect(document.querySelectorAll('tr.total')).toHaveLength(1);
  expect(rows[0].className).toBe('total');
  expect(document.querySelectorAll('.charts svg')).toHaveLength(2);
  expect(page).toContain('&lt;b&gt;two&lt;/b&gt; cores');
  expect(page).not.toMatch(/<script|<link|@import|https?:\/\/(?!www\.w3\.org)/);
});
