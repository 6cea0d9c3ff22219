import type { Comparison } from '../../../../tools/benchmarks/speed/compare-speed';
import { speedTables } from '../../../../tools/benchmarks/speed/speed-table';

const inference: Comparison = {
  name: 'infer',
  what: 'inference',
  ours: { seconds: 1.5, megabytes: 600, agreement: '100 of 100', disturbed: false },
  rivals: [
    {
      name: 'torch',
      forms: {
        contiguous: { seconds: 3, megabytes: 900, disturbed: false },
        channels_last: { seconds: 2, megabytes: 800, disturbed: true },
      },
      missing: [],
      best: { form: 'channels_last', timeRatio: 0.75, memoryRatio: 0.75 },
    },
    { name: 'OpenVINO', forms: {}, missing: ['not installed: p -m pip install openvino'] },
  ],
  disturbed: true,
};

const start: Comparison = {
  name: 'start',
  what: 'start',
  ours: { seconds: 1, cpuSeconds: 1.25, disturbed: false },
  rivals: [
    {
      name: 'torch',
      forms: { process: { seconds: 4, cpuSeconds: 5, disturbed: false } },
      missing: [],
      best: { form: 'process', timeRatio: 0.25 },
    },
  ],
  disturbed: false,
};

test('a table for each list of rivals: ratios beside the fastest form, the other forms below', () => {
  expect(speedTables([inference, start])).toBe(
    `| case | ours | torch | ours / torch | OpenVINO | ours / OpenVINO |
| --- | --- | --- | --- | --- | --- |
| inference | 1.50 s, 600 MB | 2.00 s, 800 MB (disturbed) (channels_last) | 0.75, 0.75 | - | - |

- infer: ours finds torchvision's detections: 100 of 100
- infer: torch, contiguous: 3.00 s, 900 MB
- infer: OpenVINO: not installed: p -m pip install openvino

| case | ours | torch | ours / torch |
| --- | --- | --- | --- |
| start | 1.00 s, 1.25 s of the processor | 4.00 s, 5.00 s of the processor | 0.25 |`,
  );
});
