import { createDetector } from '../../../detection/modeling/definitions';
import { loadDetector } from '../../../weights/detectors/load-detector';
import { loadWeights } from '../../../weights/detectors/load-weights';
import { writeSafetensors } from '../../../weights/formats/safetensors-file';
import { storedFloat32 } from '../../../weights/formats/stored-tensor';
import { saveStateDict } from '../../../weights/state-dict';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';
import { temporaryFolder } from '../formats/weight-files';

expectNoTensorLeaks();
const folder = temporaryFolder();

/** As detectron2's file of a Cascade R-CNN is, with constants that older ones have. */
function published(numClasses: number): Map<string, ReturnType<typeof storedFloat32>> {
  const model = createDetector('cascadercnn_tiny_fpn', { numClasses, norm: 'frozen', seed: 5 });
  const entries = saveStateDict(model);
  model.dispose();
  entries.set('pixel_mean', storedFloat32([3, 1, 1], new Float32Array(3)));
  entries.set(
    'proposal_generator.anchor_generator.cell_anchors.0',
    storedFloat32([1, 4], new Float32Array(4)),
  );
  return entries;
}

test('a file of detectron2 with 80 classes is of COCO’s categories, and fits but for constants', async () => {
  const file = folder.in('model_final.safetensors');
  const entries = published(80);
  writeSafetensors(file, entries);
  const { model, categories } = await loadDetector(file, {
    model: 'cascadercnn_tiny_fpn',
    log: () => undefined,
  });
  expect(categories).toHaveLength(80);
  expect(categories[79]).toEqual({ id: 90, name: 'toothbrush' });
  const name = 'roi_heads.box_predictor.2.cls_score.weight';
  expect(saveStateDict(model).get(name)).toEqual(entries.get(name));
  model.dispose();
});

test('of other categories those of the same name start from its rows, and the background from its last', async () => {
  const file = folder.in('start.safetensors');
  const entries = published(80);
  writeSafetensors(file, entries);
  const model = createDetector('cascadercnn_tiny_fpn', { categories: ['cup', 'car'], norm: 'frozen' });
  const loaded = await loadWeights(model, file);
  expect(loaded.filled).toBe('detector');
  const values = (of: Map<string, { bytes: Uint8Array }>): Float32Array =>
    new Float32Array(of.get('roi_heads.box_predictor.1.cls_score.bias')!.bytes.slice().buffer);
  const theirs = values(entries);
  // Car is COCO's third category, cup its 42nd; the background is the last row of each.
  expect([...values(saveStateDict(model))]).toEqual([theirs[41], theirs[2], theirs[80]]);
  model.dispose();
});
