import { readFileSync } from 'node:fs';
import { fasterRcnnDefaults } from '../../../../detection/modeling/faster-rcnn-defaults';
import { Matcher } from '../../../../detection/modeling/matching/matcher';
import { AnchorGenerator } from '../../../../detection/modeling/rpn/anchor-generator';
import { concatBoxes } from '../../../../detection/structures/boxes';
import { describeShared, sharedPath } from '../../../shared';

interface Components {
  readonly cell_anchors_resnet50_fpn: number[][][];
  readonly cell_anchors_mobilenet_level: number[][];
}

interface Tiny {
  readonly transform: { readonly boxes: number[][][] };
  readonly anchors: {
    readonly per_level: number[];
    readonly image0: {
      readonly sum: number;
      readonly abs_sum: number;
      readonly sq_sum: number;
      readonly first8: number[];
    };
    readonly cell_anchors: number[][][];
  };
  readonly rpn_labels: {
    readonly pos: number;
    readonly neg: number;
    readonly ign: number;
    pos_idx: number[];
  }[];
}

describe('anchor generator', () => {
  it("lays out torchvision's example (test_models_detection_anchor_utils.py)", () => {
    const generator = new AnchorGenerator([[10]], [[1]]);
    const [anchors] = generator.anchors({ height: 15, width: 15 }, [{ height: 3, width: 3 }]);
    expect([...anchors]).toEqual(
      [
        [-5, -5, 5, 5],
        [0, -5, 10, 5],
        [5, -5, 15, 5],
        [-5, 0, 5, 10],
        [0, 0, 10, 10],
        [5, 0, 15, 10],
        [-5, 5, 5, 15],
        [0, 5, 10, 15],
        [5, 5, 15, 15],
      ].flat(),
    );
    expect(generator.numAnchorsPerLocation()).toEqual([1]);
  });

  it("has the shapes of detectron2's example, in torchvision's order (test_anchor_generator.py)", () => {
    const generator = new AnchorGenerator([[32, 64]], [[0.25, 1, 4]]);
    const [anchors] = generator.anchors({ height: 4, width: 8 }, [{ height: 1, width: 2 }]);
    const first = [
      [-32, -8, 32, 8],
      [-64, -16, 64, 16],
      [-16, -16, 16, 16],
      [-32, -32, 32, 32],
      [-8, -32, 8, 32],
      [-16, -64, 16, 64],
    ];
    expect([...anchors]).toEqual([
      ...first.flat(),
      ...first.flatMap(([x1, y1, x2, y2]) => [x1 + 4, y1, x2 + 4, y2]),
    ]);
  });

  it('keeps the anchors of the last sizes, and only theirs', () => {
    const generator = new AnchorGenerator([[8]], [[1]]);
    const image = { height: 32, width: 64 };
    const feature = [{ height: 2, width: 4 }];
    const first = generator.anchors(image, feature);
    expect(generator.anchors({ ...image }, [{ height: 2, width: 4 }])).toBe(first);
    const other = generator.anchors({ height: 64, width: 32 }, [{ height: 4, width: 2 }]);
    expect([...other[0]]).not.toEqual([...first[0]]);
    expect(generator.anchors(image, feature)).toEqual(first);
  });

  it('refuses levels that do not agree', () => {
    expect(() => new AnchorGenerator([[8], [16]], [[1]])).toThrow('sizes of 2 levels, but ratios of 1');
    expect(() => new AnchorGenerator([[8]], [[1]]).anchors({ height: 8, width: 8 }, [])).toThrow(
      'defined for 1 feature maps, but there are 0',
    );
  });
});

describeShared('anchor generator, golden', () => {
  it("has torchvision's cell anchors", () => {
    const golden = JSON.parse(
      readFileSync(sharedPath('golden/golden_components.json'), 'utf8'),
    ) as Components;
    const { sizes, aspectRatios } = fasterRcnnDefaults.anchors;
    const generator = new AnchorGenerator(
      sizes,
      sizes.map(() => aspectRatios),
    );
    expect(generator.cellAnchors.map((cell) => [...cell])).toEqual(
      golden.cell_anchors_resnet50_fpn.map((cell) => cell.flat()),
    );
    const mobilenet = new AnchorGenerator([[32, 64, 128, 256, 512]], [[0.5, 1, 2]]);
    expect([...mobilenet.cellAnchors[0]]).toEqual(golden.cell_anchors_mobilenet_level.flat());
  });

  it("has the tiny Faster R-CNN's anchors, and with the matcher its labels", () => {
    const golden = JSON.parse(readFileSync(sharedPath('golden/golden_tiny_frcnn.json'), 'utf8')) as Tiny;
    const sizes = [[8], [16], [32], [64], [128]];
    const generator = new AnchorGenerator(
      sizes,
      sizes.map(() => fasterRcnnDefaults.anchors.aspectRatios),
    );
    const features = [
      [24, 32],
      [12, 16],
      [6, 8],
      [3, 4],
      [2, 2],
    ].map(([height, width]) => ({ height, width }));
    const perLevel = generator.anchors({ height: 96, width: 128 }, features);
    expect(perLevel.map((anchors) => anchors.length / 4)).toEqual(golden.anchors.per_level);
    const anchors = concatBoxes(perLevel);
    const total = (of: (value: number) => number): number =>
      anchors.reduce((sum, value) => sum + of(value), 0);
    const { image0 } = golden.anchors;
    expect([...anchors.subarray(0, 8)]).toEqual(image0.first8);
    expect([total((v) => v), total(Math.abs), total((v) => v * v)]).toEqual([
      image0.sum,
      image0.abs_sum,
      image0.sq_sum,
    ]);

    const { fgIouThreshold, bgIouThreshold } = fasterRcnnDefaults.rpn;
    const matcher = new Matcher(fgIouThreshold, bgIouThreshold, true);
    const labels = golden.transform.boxes.map((boxes) => {
      const matches = [...matcher.match(Float32Array.from(boxes.flat()), anchors)];
      return {
        pos: matches.filter((match) => match >= 0).length,
        neg: matches.filter((match) => match === -1).length,
        ign: matches.filter((match) => match === -2).length,
        pos_idx: matches.flatMap((match, i) => (match >= 0 ? [i] : [])),
      };
    });
    expect(labels).toEqual(golden.rpn_labels);
  });
});
