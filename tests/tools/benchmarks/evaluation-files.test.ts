import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { makeEvaluationFiles } from '../../../tools/benchmarks/evaluation-files';

test('the files are of val2017’s size, are in order, and have something to find', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'evaluation-files-'));
  try {
    const { instances, detections } = makeEvaluationFiles();
    const file = path.join(folder, 'instances.json');
    writeFileSync(file, instances);
    const dataset = await readCocoDataset(file, null);
    expect([dataset.images.length, dataset.categories.length]).toEqual([5000, 80]);
    const results = JSON.parse(detections) as { bbox: number[]; score: number; image_id: number }[];
    expect(results).toHaveLength(250_000);
    expect(
      results.every(({ bbox, score }) => bbox.every((side) => side >= 0) && score >= 0 && score <= 1),
    ).toBe(true);
    expect(makeEvaluationFiles().detections).toBe(detections);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
