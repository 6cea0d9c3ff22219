import { DefaultBoxGenerator } from '../../../../detection/modeling/dense/default-box-generator';
import { modelDefinition } from '../../../../detection/modeling/definitions';

test('boxes lie in the middle of their cells: two squares, then each ratio lying and upright', () => {
  const generator = new DefaultBoxGenerator([0.25, 1], [4]);
  expect(generator.numAnchorsPerLocation()).toEqual([4]);
  const [boxes] = generator.anchors({ height: 100, width: 200 }, [{ height: 1, width: 2 }]);
  expect([...boxes]).toEqual([
    ...[25, 37.5, 75, 62.5], // 0.25
    ...[0, 25, 100, 75], // the root of 0.25 * 1
    ...[0, 43.75, 100, 56.25], // 0.5 by 0.125
    ...[37.5, 25, 62.5, 75],
    ...[125, 37.5, 175, 62.5],
    ...[100, 25, 200, 75],
    ...[100, 43.75, 200, 56.25],
    ...[137.5, 25, 162.5, 75],
  ]);
});

test('no side is longer than the image, but a box may reach beyond it', () => {
  const generator = new DefaultBoxGenerator([0.75, 1], [4]);
  const [boxes] = generator.anchors({ height: 100, width: 100 }, [{ height: 2, width: 1 }]);
  // 1.5 by 0.375, cut to 1, around (0.5, 0.25).
  expect([...boxes.subarray(8, 12)]).toEqual([0, 6.25, 100, 43.75]);
  expect([...boxes.subarray(0, 4)]).toEqual([12.5, -12.5, 87.5, 62.5]);
});

test('maps go by row, then by column', () => {
  const generator = new DefaultBoxGenerator([0.5, 0.5, 0.5], []);
  const maps = [
    { height: 2, width: 2 },
    { height: 1, width: 1 },
  ];
  const boxes = generator.anchors({ height: 8, width: 16 }, maps);
  const centers = boxes.map((ofMap) =>
    Array.from({ length: ofMap.length / 8 }, (_, i) => [
      (ofMap[8 * i] + ofMap[8 * i + 2]) / 2,
      (ofMap[8 * i + 1] + ofMap[8 * i + 3]) / 2,
    ]),
  );
  expect(centers).toEqual([
    [
      [4, 2],
      [12, 2],
      [4, 6],
      [12, 6],
    ],
    [[8, 4]],
  ]);
});

test('as many maps as there are scales for', () => {
  const generator = new DefaultBoxGenerator([0.2, 0.5, 1], [2]);
  expect(() => generator.anchors({ height: 8, width: 8 }, [{ height: 1, width: 1 }])).toThrow(RangeError);
});

test('SSDlite has 3234, which its definition knows without a detector', () => {
  const definition = modelDefinition('ssdlite320_mobilenet_v3_large');
  const ofMaps = definition.anchors!({ height: 320, width: 320 });
  expect(ofMaps.map((boxes) => boxes.length / 24)).toEqual([400, 100, 25, 9, 4, 1]);
  const fewer = definition.anchors!({ height: 320, width: 320 }, { anchors: { aspectRatios: [2] } });
  expect(fewer.map((boxes) => boxes.length / 16)).toEqual([400, 100, 25, 9, 4, 1]);
});
