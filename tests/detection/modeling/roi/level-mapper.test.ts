import { readFileSync } from 'node:fs';
import { fasterRcnnDefaults } from '../../../../detection/modeling/faster-rcnn-defaults';
import { LevelMapper } from '../../../../detection/modeling/roi/level-mapper';
import { describeShared, sharedPath } from '../../../shared';

interface Golden {
  readonly level_mapper_k2_5: {
    readonly square_side: number[];
    readonly 'level_index(0=P2)': number[];
  };
}

const scales = [1 / 4, 1 / 8, 1 / 16, 1 / 32];

function squares(sides: readonly number[]): Float32Array {
  return Float32Array.from(sides.flatMap((side) => [0, 0, side, side]));
}

describe('level mapper', () => {
  it('scales with the canonical size', () => {
    const mapper = new LevelMapper(scales, { canonicalScale: 28, canonicalLevel: 4 });
    expect([...mapper.levels(squares([1, 13.9, 14, 27.9, 28, 55.9, 56, 500]))]).toEqual([
      0, 0, 1, 1, 2, 2, 3, 3,
    ]);
  });

  it("sends all to the first of maps with one scale (torchvision's MobileNet)", () => {
    const mapper = new LevelMapper([1 / 32, 1 / 32], fasterRcnnDefaults.levelMapper);
    expect([...mapper.levels(squares([1, 224, 4000]))]).toEqual([0, 0, 0]);
  });

  it('takes boxes without area, and none', () => {
    const mapper = new LevelMapper(scales, fasterRcnnDefaults.levelMapper);
    expect([...mapper.levels(squares([0]))]).toEqual([0]);
    expect(mapper.levels(new Float32Array(0))).toHaveLength(0);
  });
});

describeShared('level mapper, golden', () => {
  it("is torchvision's", () => {
    const golden = (JSON.parse(readFileSync(sharedPath('golden/golden_components.json'), 'utf8')) as Golden)
      .level_mapper_k2_5;
    const mapper = new LevelMapper(scales, fasterRcnnDefaults.levelMapper);
    expect([...mapper.levels(squares(golden.square_side))]).toEqual(golden['level_index(0=P2)']);
  });
});
