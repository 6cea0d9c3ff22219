import * as tf from '@tensorflow/tfjs-core';
import { readCocoDataset } from '../../../../datasets/coco/read-dataset';
import { cocoExamples } from '../../../../datasets/examples';
import { TrainingLoader } from '../../../../datasets/loader/training-loader';
import { loadBackend } from '../../../../detection/backend/node';
import { AdamW } from '../../../../detection/engine/adamw';
import { constant } from '../../../../detection/engine/schedules';
import { train } from '../../../../detection/engine/train';
import { fasterRcnnModel } from '../../../../detection/modeling/definitions/faster-rcnn';
import { readSafetensors } from '../../../../weights/formats/safetensors-file';
import { loadBackbone } from '../../../../weights/state-dict';
import { describeShared, sharedPath } from '../../../shared';

const NAME = 'fasterrcnn_mobilenet_v2_fpn';

/** The first batch, again and again: the losses then fall by learning alone, not by the luck of the next pictures. */
async function* first<Batch>(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  for await (const batch of batches) for (;;) yield batch;
}

beforeAll(async () => {
  await loadBackend();
});

describeShared('transfer learning', () => {
  test('begins with the weights of a classifier, leaves them alone, and learns at once', async () => {
    const before = tf.memory().numTensors;
    const dataset = await readCocoDataset(
      sharedPath('data/microcontrollers/val.json'),
      sharedPath('data/microcontrollers/images'),
    );
    const numClasses = dataset.categories.length;
    const model = fasterRcnnModel(NAME).build({
      numClasses,
      seed: 0,
      norm: 'frozen',
      trainableLayers: 0,
    });
    const file = sharedPath('weights/mobilenet_v2_1.0_224.safetensors');
    loadBackbone(model, model.definition.stateDict, file, readSafetensors(file).tensors);
    const body = [...model.stateDict()].filter(([name]) => name.startsWith('backbone.body.'));
    const checksum = (): number[] => body.map(([, { value }]) => tf.tidy(() => tf.sum(value).dataSync()[0]));
    const pretrained = checksum();

    const loader = new TrainingLoader(cocoExamples(dataset), {
      input: { ...model.input, resize: { kind: 'shorter-side', minSize: 96, maxSize: 160 } },
      batchSize: 2,
      seed: 0,
    });
    const totals: number[] = [];
    const optimizer = new AdamW(model.namedParameters(), { weightDecay: 0.01 });
    await train(first(loader), model, {
      optimizer,
      learningRate: constant(1e-3),
      iterations: 12,
      hooks: [
        {
          name: 'totals',
          afterStep: ({ storage }) => void totals.push(storage.latest('total_loss')?.value ?? NaN),
        },
      ],
    });
    // From the second step on: the first loss is that of random heads.
    expect(totals[11]).toBeLessThan(totals[1] / 4);
    expect(checksum()).toEqual(pretrained);

    optimizer.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
