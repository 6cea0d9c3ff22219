import { drawZoomOut } from '../../../datasets/transforms/zoom-out';
import { RandomStream } from '../../../detection/nn/random';
import { cropInstances } from '../../../detection/structures/transform-instances';
import { drawing, golden } from './geometry-golden';

test.each(golden.zoomOut)('a canvas of $size, as in torchvision', ({ uniform, size, boxes, labels }) => {
  const objects = {
    boxes: Float32Array.of(10, 20, 300, 200, 0, 0, 30, 30, 250, 150, 331, 330, 100.5, 50.25, 101.5, 52),
    labels: Int32Array.of(1, 2, 3, 4),
  };
  // The first number says whether there is a canvas at all.
  const canvas = drawZoomOut(drawing({ uniform: uniform.slice(1) }), { height: 375, width: 500 });
  const moved = cropInstances(objects, canvas);
  expect([canvas.height, canvas.width]).toEqual(size);
  expect([...moved.boxes]).toEqual(boxes.flat());
  expect([...moved.labels]).toEqual(labels);
});

test('the picture lies on the canvas, which has one to four times its sides', () => {
  for (let seed = 0; seed < 100; seed++) {
    const { top, left, height, width } = drawZoomOut(new RandomStream(seed, 'zoom'), {
      height: 30,
      width: 70,
    });
    expect(Math.max(top, left)).toBeLessThanOrEqual(0);
    expect(30 - top).toBeLessThanOrEqual(height);
    expect(70 - left).toBeLessThanOrEqual(width);
    expect([height, width]).toEqual([height, width].map((side, i) => Math.min(side, 4 * [30, 70][i])));
  }
});
