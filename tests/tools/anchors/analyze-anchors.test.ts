import { AnchorGenerator, featureSizes } from '../../../detection/modeling/rpn/anchor-generator';
import { modelDefinition } from '../../../detection/modeling/definitions';
import type { ModelDefinition } from '../../../detection/modeling/detector';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { analyzeAnchors } from '../../../tools/anchors/analyze-anchors';
import { anchorSizesOf } from '../../../tools/anchors/anchor-sizes';
import { finestStep } from '../../../tools/anchors/anchor-step';
import { gridDefinition } from '../cli/grid-detector';
import { datasetOf } from './instances';

const input = torchvisionInput({ minSize: 256, maxSize: 256 });
const set = datasetOf({ width: 256, height: 256 }, [
  [16, 16, 32, 32],
  [100, 100, 3, 40],
]);

test('a model whose anchors go by something else than sizes is looked at, and no sizes are proposed', () => {
  const generator = new AnchorGenerator([[32]], [[1]]);
  const scaled: ModelDefinition = {
    ...gridDefinition,
    anchors: (padded) => generator.anchors(padded, featureSizes(padded, [16])),
  };
  const report = analyzeAnchors({ dataset: set, definition: scaled, settings: {}, input, minSizes: [256] });
  expect(report).toMatchObject({
    model: 'grid_64',
    annotations: 'set.json',
    pictures: 'shorter side 256 pixels, longer at most 256',
    numImages: 1,
    belowStep: { boxes: 1, step: 16 },
    sizes: { kind: 'none' },
  });
  // The first box is the anchor around (32, 32). Of the other, which is 3 wide, 28 of 40 pixels of height are in the best.
  expect(report.worst.map(({ source, overlap }) => [source.annotation.id, overlap])).toEqual([
    [2, Math.fround(84 / (120 + 1024 - 84))],
    [1, 1],
  ]);
  expect(report.worst[0]).toMatchObject({ category: 'thing', width: 3, height: 40 });

  const fixed = { ...input, resize: { kind: 'fixed', width: 512, height: 256 } } as const;
  const squeezed = analyzeAnchors({
    dataset: set,
    definition: scaled,
    settings: {},
    input: fixed,
    minSizes: [1],
  });
  expect(squeezed.pictures).toBe('pictures of 512 x 256 pixels');
});

test('settings that are given count, and what is proposed goes on from them', () => {
  const definition = modelDefinition('fasterrcnn_tiny_fpn');
  const sizes = [[4], [5], [6], [7], [8]];
  const settings = { ...definition.settings.values, anchors: { sizes, aspectRatios: [1] } };
  const dataset = datasetOf({ width: 256, height: 256 }, [[16, 16, 32, 32]]);
  const { table, sizes: found } = analyzeAnchors({
    dataset,
    definition,
    settings,
    input,
    minSizes: [256, 128],
  });
  // In the box of 32 pixels lies the anchor of size 7, whose corners are rounded to 4, and around (32, 32) on the level of
  // stride 32; in the box of 16 at half the size it would lie elsewhere, and that of size 6 is the best.
  expect(table.all.meanOverlap).toBeCloseTo((64 / 1024 + 36 / 256) / 2, 6);
  expect(found).toMatchObject({ kind: 'better', present: sizes });
  if (found.kind !== 'better') return;
  expect(found.table.all.coverage).toBeCloseTo(1, 6);
  expect(found.proposed.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);

  const good = { ...settings, anchors: { sizes: found.proposed, aspectRatios: [1] } };
  expect(analyzeAnchors({ dataset, definition, settings: good, input, minSizes: [256, 128] }).sizes).toEqual({
    kind: 'good',
    present: found.proposed,
  });
});

test.each([
  [{}, undefined],
  [{ anchors: { scales: [1, 2] } }, undefined],
  [{ anchors: { sizes: [32, 64] } }, undefined],
  [{ anchors: { sizes: 3 } }, undefined],
  [{ anchors: { sizes: [[32], [64, 90]] } }, [[32], [64, 90]]],
])('the sizes of %j', (settings, sizes) => {
  expect(anchorSizesOf(settings)).toEqual(sizes);
});

test('the finest step is that of the places that lie closest along a row', () => {
  const generator = new AnchorGenerator(
    [
      [8, 9],
      [16, 17],
    ],
    [[1], [1]],
  );
  const padded = { height: 32, width: 64 };
  const features = [
    { height: 4, width: 8 },
    { height: 2, width: 4 },
  ];
  expect(finestStep(generator.anchors(padded, features))).toBe(8);
  expect(
    finestStep(
      generator.anchors({ height: 32, width: 16 }, [
        { height: 2, width: 1 },
        { height: 1, width: 1 },
      ]),
    ),
  ).toBe(undefined);
});
