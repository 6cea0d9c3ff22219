import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../detection/backend/node';
import { createDetector } from '../../detection/modeling/definitions';
import { Module } from '../../detection/nn/module';
import { currentTorchvisionName } from '../../weights/formats/torchvision-names';
import { isImageClassifier, loadBackbone, loadStateDict, saveStateDict } from '../../weights/state-dict';
import { storedFloat32, toFloat32, type StoredTensor } from '../../weights/formats/stored-tensor';
import { WeightsError } from '../../weights/formats/weights-error';
import { describeShared, sharedPath } from '../shared';
import { thrownBy } from '../thrown';

let tensorsBefore: number;
beforeAll(() => loadBackend());
beforeEach(() => (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

class Body extends Module {
  constructor() {
    super();
    this.parameter('conv1.weight', tf.zeros([1, 2, 3, 4]), 'convolution');
    this.buffer('bn1.running_mean', tf.zeros([4]));
    this.buffer('bn1.num_batches_tracked', tf.scalar(0));
  }
}

/** A detector in torchvision's names, as small as can be. */
class Detector extends Module {
  constructor() {
    super();
    this.child('backbone.body', new Body());
    this.parameter('rpn.head.conv.0.0.bias', tf.zeros([2]));
    this.parameter('roi_heads.box_predictor.cls_score.weight', tf.zeros([5, 3]), 'linear');
  }

  values(): Record<string, number[]> {
    return Object.fromEntries(
      [...this.stateDict()].map(([name, p]) => [name, Array.from(p.value.dataSync())]),
    );
  }
}

const counting = (...shape: number[]): StoredTensor =>
  storedFloat32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
  );

const complete = () =>
  new Map([
    ['backbone.body.conv1.weight', counting(4, 3, 1, 2)],
    ['backbone.body.bn1.running_mean', counting(4)],
    ['backbone.body.bn1.num_batches_tracked', counting()],
    ['rpn.head.conv.0.0.bias', counting(2)],
    ['roi_heads.box_predictor.cls_score.weight', counting(3, 5)],
  ]);

function withDetector(f: (model: Detector) => void): void {
  const model = new Detector();
  try {
    f(model);
  } finally {
    model.dispose();
  }
}

describe('saveStateDict', () => {
  it("gives torchvision's names, shapes, order of elements and types back", () => {
    withDetector((model) => {
      loadStateDict(model, 'x.safetensors', complete());
      const saved = saveStateDict(model);
      expect([...saved].map(([name, { type, shape }]) => [name, type, shape]).sort()).toEqual([
        ['backbone.body.bn1.num_batches_tracked', 'I64', []],
        ['backbone.body.bn1.running_mean', 'F32', [4]],
        ['backbone.body.conv1.weight', 'F32', [4, 3, 1, 2]],
        ['roi_heads.box_predictor.cls_score.weight', 'F32', [3, 5]],
        ['rpn.head.conv.0.0.bias', 'F32', [2]],
      ]);
      for (const [name, tensor] of complete()) expect(toFloat32(saved.get(name)!)).toEqual(toFloat32(tensor));
    });
  });
});

describe('loadStateDict', () => {
  it('tells everything that does not fit at once, and changes nothing', () => {
    withDetector((model) => {
      const tensors = complete();
      tensors.delete('backbone.body.bn1.running_mean');
      tensors.set('roi_heads.box_predictor.cls_score.weight', counting(91, 5));
      tensors.set('roi_heads.mask_head.bias', counting(1));
      const before = model.values();
      const error = thrownBy(() => loadStateDict(model, 'x.safetensors', tensors));
      expect(error).toBeInstanceOf(WeightsError);
      const entry = 'roi_heads.box_predictor.cls_score.weight';
      expect(error).toMatchObject({
        code: 'weights-misfit',
        file: 'x.safetensors',
        facts: {
          missing: ['backbone.body.bn1.running_mean'],
          unexpected: ['roi_heads.mask_head.bias'],
          misshaped: [{ entry, shape: [91, 5], expected: [3, 5] }],
          twice: [],
          isOfDetectron2: false,
        },
      });
      expect(model.values()).toEqual(before);
    });
  });

  it('refuses numbers that float32 would make infinite, and changes nothing', () => {
    withDetector((model) => {
      const bytes = new Uint8Array(Float64Array.of(1, 1e300).buffer);
      const tensors = complete().set('rpn.head.conv.0.0.bias', { type: 'F64', shape: [2], bytes });
      const before = model.values();
      expect(thrownBy(() => loadStateDict(model, 'x', tensors))).toMatchObject({
        code: 'weights-too-large',
        file: 'x',
        entry: 'rpn.head.conv.0.0.bias',
        facts: { element: 1 },
      });
      expect(model.values()).toEqual(before);
    });
  });

  it('tells the weights of detectron2, which are not for models of torchvision', () => {
    withDetector((model) => {
      const tensors = new Map([['backbone.bottom_up.res2.0.conv1.weight', counting(1)]]);
      const error = thrownBy(() => loadStateDict(model, 'x', tensors));
      expect(error).toMatchObject({ code: 'weights-misfit', facts: { isOfDetectron2: true } });
    });
  });

  it("forgives batch norm's counters, as torchvision does", () => {
    withDetector((model) => {
      const tensors = complete();
      tensors.delete('backbone.body.bn1.num_batches_tracked');
      tensors.set('backbone.body.bn7.num_batches_tracked', counting());
      expect(loadStateDict(model, 'x', tensors)).toHaveLength(4);
    });
  });

  it('takes the names of published detectors', () => {
    withDetector((model) => {
      const tensors = complete();
      tensors.set('rpn.head.conv.bias', counting(2));
      const error = thrownBy(() => loadStateDict(model, 'x', tensors));
      expect(error).toMatchObject({ code: 'weights-misfit', facts: { twice: ['rpn.head.conv.0.0.bias'] } });
      tensors.delete('rpn.head.conv.0.0.bias');
      expect(loadStateDict(model, 'x', tensors)).toContain('rpn.head.conv.0.0.bias');
    });
    expect(currentTorchvisionName('backbone.fpn.inner_blocks.3.weight')).toBe(
      'backbone.fpn.inner_blocks.3.0.weight',
    );
    expect(currentTorchvisionName('backbone.fpn.layer_blocks.0.bias')).toBe(
      'backbone.fpn.layer_blocks.0.0.bias',
    );
    expect([1, 2, 3, 4].map((i) => currentTorchvisionName(`roi_heads.mask_head.mask_fcn${i}.bias`))).toEqual(
      [0, 1, 2, 3].map((i) => `roi_heads.mask_head.${i}.0.bias`),
    );
    expect([0, 2, 4, 6].map((i) => currentTorchvisionName(`head.regression_head.conv.${i}.weight`))).toEqual(
      [0, 1, 2, 3].map((i) => `head.regression_head.conv.${i}.0.weight`),
    );
  });

  it.each(['retinanet_resnet18_fpn', 'fcos_resnet18_fpn'])(
    'takes %s by its present names, and by former ones where they are others',
    (name) => {
      const build = () => createDetector(name, { numClasses: 1, norm: 'batch', seed: 1 });
      const [model, other] = [build(), build()];
      const entries = saveStateDict(model);
      const tower = /^(head\.\w+_head\.conv\.)(\d)\.0\./;
      const former = new Map(
        [...entries].map(([entry, tensor]) => [
          entry.replace(tower, (_, prefix: string, i: string) => `${prefix}${2 * Number(i)}.`),
          tensor,
        ]),
      );
      expect(loadStateDict(other, 'x', former)).toHaveLength(entries.size);
      const loaded = saveStateDict(other);
      const differing = [...entries].filter(([entry, { bytes }]) =>
        Buffer.compare(bytes, loaded.get(entry)!.bytes),
      );
      expect(differing.map(([entry]) => entry)).toEqual([]);
      for (const detector of [model, other]) detector.dispose();
    },
  );

  it('leaves out what it is told to', () => {
    withDetector((model) => {
      const predictor = (name: string) => name.startsWith('roi_heads.box_predictor.');
      const tensors = complete().set('roi_heads.box_predictor.cls_score.weight', counting(91, 5));
      const filled = loadStateDict(model, 'x', tensors, {
        rename: (name) => (predictor(name) ? undefined : name),
        required: (name) => !predictor(name),
      });
      expect(filled).toHaveLength(4);
      expect(model.values()['roi_heads.box_predictor.cls_score.weight']).toEqual(new Array(15).fill(0));
    });
  });
});

describe('loadBackbone', () => {
  const stateDict = { isBackbone: (entry: string): boolean => entry.startsWith('backbone.body.') };
  const classifier = () =>
    new Map([
      ['conv1.weight', counting(4, 3, 1, 2)],
      ['bn1.running_mean', counting(4)],
      ['bn1.num_batches_tracked', counting()],
      ['fc.weight', counting(1000, 5)],
      ['fc.bias', counting(1000)],
    ]);

  it('fills the body from an image classifier, and nothing else', () => {
    withDetector((model) => {
      expect(isImageClassifier(model, classifier())).toBe(true);
      expect(isImageClassifier(model, complete())).toBe(false);
      expect(loadBackbone(model, stateDict, 'resnet.safetensors', classifier())).toEqual([
        'backbone.body.conv1.weight',
        'backbone.body.bn1.running_mean',
        'backbone.body.bn1.num_batches_tracked',
      ]);
      const { 'rpn.head.conv.0.0.bias': bias, 'backbone.body.bn1.running_mean': mean } = model.values();
      expect([bias, mean]).toEqual([
        [0, 0],
        [1, 2, 3, 4],
      ]);
    });
  });

  it('refuses the classifier of another backbone', () => {
    withDetector((model) => {
      const other = classifier().set('layer9.weight', counting(1));
      other.delete('conv1.weight');
      expect(thrownBy(() => loadBackbone(model, stateDict, 'resnet.safetensors', other))).toMatchObject({
        code: 'weights-misfit',
        facts: { missing: ['backbone.body.conv1.weight'], unexpected: ['layer9.weight'], misshaped: [] },
      });
    });
  });
});

describeShared("torchvision's lists of names", () => {
  it('are present names: nothing is renamed', () => {
    const families = ['fasterrcnn', 'maskrcnn', 'keypointrcnn', 'retinanet'];
    const models = families.map((family) => `${family}_resnet50_fpn`);
    models.push('fasterrcnn_resnet50_fpn_v2', 'maskrcnn_resnet50_fpn_v2');
    for (const model of models) {
      const list = readFileSync(sharedPath(`reference/state_dict_${model}.txt`), 'utf8');
      const names = list.split('\n').flatMap((line) => /^[\w.]+\.[\w.]+/.exec(line)?.[0] ?? []);
      expect(names.length).toBeGreaterThan(250);
      for (const name of names) expect(currentTorchvisionName(name)).toBe(name);
    }
  });
});
