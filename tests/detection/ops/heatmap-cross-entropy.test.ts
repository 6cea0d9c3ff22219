import * as tf from '@tensorflow/tfjs-core';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Parameter } from '../../../detection/nn/module';
import { heatmapCrossEntropySum } from '../../../detection/ops/heatmap-cross-entropy';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

test('is the cross-entropy of each valid keypoint among the cells of its own heatmap', () => {
  const [numRois, size, numKeypoints] = [2, 3, 2];
  const values = Float32Array.from({ length: numRois * size ** 2 * numKeypoints }, (_, i) => Math.sin(2 * i));
  const heatmaps = new Parameter(tf.tensor(values, [numRois, size, size, numKeypoints]), 'same', true);
  const wanted = { cells: Int32Array.of(4, 0, 8, 2), valid: Uint8Array.of(1, 0, 1, 1) };
  const { losses, gradients } = lossesAndGradients(
    () => ({ loss: heatmapCrossEntropySum(heatmaps.value as tf.Tensor4D, wanted) }),
    [['heatmaps', heatmaps]],
  );
  const gradient = gradients.get('heatmaps')!.dataSync();
  let sum = 0;
  for (let roi = 0; roi < numRois; roi++) {
    for (let keypoint = 0; keypoint < numKeypoints; keypoint++) {
      const row = roi * numKeypoints + keypoint;
      const places = Array.from({ length: 9 }, (_, cell) => (roi * 9 + cell) * numKeypoints + keypoint);
      const total = places.reduce((all, place) => all + Math.exp(values[place]), 0);
      if (wanted.valid[row] === 1) sum += Math.log(total) - values[places[wanted.cells[row]]];
      places.forEach((place, cell) => {
        const slope = Math.exp(values[place]) / total - (cell === wanted.cells[row] ? 1 : 0);
        expect(gradient[place]).toBeCloseTo(wanted.valid[row] === 1 ? slope : 0, 6);
      });
    }
  }
  expect(losses['loss'].dataSync()[0]).toBeCloseTo(sum, 5);
  tf.dispose([losses, [...gradients.values()]]);
  heatmaps.dispose();
});
