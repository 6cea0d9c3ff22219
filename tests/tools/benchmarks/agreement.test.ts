import { agreementOf } from '../../../tools/benchmarks/agreement';

const expected = {
  boxes: [
    [0, 0, 10, 10],
    [0, 0, 10, 10],
    [20, 20, 40, 40],
    [50, 50, 60, 60],
    [70, 70, 90, 90],
  ],
  labels: [1, 2, 1, 3, 4],
};

test('counts the expected objects that are found with their label: by distance, and by overlap', () => {
  const boxes = Float32Array.of(0, 0, 10, 10.0005, 20, 20, 40, 40.04, 50, 50, 60, 60, 70, 70, 90, 91);
  expect(agreementOf({ boxes, labels: Int32Array.of(1, 1, 1, 4) }, expected)).toBe(
    '1 of 5 within 0.001 px, 2 of 5 within 0.05 px, 3 of 5 with IoU > 0.9',
  );
});

test('nothing found is no agreement', () => {
  expect(agreementOf({ boxes: new Float32Array(0), labels: new Int32Array(0) }, expected)).toBe(
    '0 of 5 within 0.001 px, 0 of 5 within 0.05 px, 0 of 5 with IoU > 0.9',
  );
});
