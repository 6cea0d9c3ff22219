import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import {
  createDetector,
  modelDefinition,
  modelDefinitions,
  UnknownModelError,
} from '../../../../detection/modeling/definitions';
import { defineModel } from '../../../../detection/modeling/definitions/define-model';
import { fasterRcnnModel } from '../../../../detection/modeling/definitions/faster-rcnn';
import type { BoxHeadOptions } from '../../../../detection/modeling/definitions/faster-rcnn-definition';
import { Module } from '../../../../detection/nn/module';
import type { InputSpec } from '../../../../detection/structures/input-spec';
import { thrownBy } from '../../../thrown';

beforeAll(async () => {
  await loadBackend();
});

let before: number;
beforeEach(() => (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const input: InputSpec = {
  ...modelDefinition('fasterrcnn_tiny_fpn').input,
  resize: { kind: 'shorter-side', minSize: 64, maxSize: 96 },
};

describe('createDetector', () => {
  it('builds what a name stands for, which knows its categories, its input, its losses and what it finds', () => {
    const detector = createDetector('fasterrcnn_tiny_fpn', { categories: ['plate', 'car'] });
    expect(detector.categories).toEqual(['plate', 'car']);
    expect(detector.definition).toBe(modelDefinition('fasterrcnn_tiny_fpn'));
    expect(detector.input).toBe(detector.definition.input);
    expect(detector.lossNames).toEqual([
      'loss_objectness',
      'loss_rpn_box_reg',
      'loss_classifier',
      'loss_box_reg',
    ]);
    expect(detector.iouTypes).toEqual(['bbox']);
    detector.dispose();
  });

  it('calls categories by number where their names are not told', () => {
    const detector = createDetector('fasterrcnn_tiny_fpn', { numClasses: 2 });
    expect(detector.categories).toEqual(['category 1', 'category 2']);
    detector.dispose();
  });

  it('waits for pretrained weights unless a norm is given, with three trained stages as torchvision', () => {
    const trained = (norm?: 'batch'): number => {
      const detector = createDetector('fasterrcnn_tiny_fpn', { numClasses: 1, norm });
      const { stateDict } = detector.definition;
      const filters = [...detector.namedParameters()].filter(
        ([name, { layout, trainable }]) =>
          stateDict.isBackbone(name) && layout === 'convolution' && trainable,
      );
      detector.dispose();
      return filters.length;
    };
    expect([trained(), trained('batch')]).toEqual([15, 20]);
  });

  it('says what does not go together', () => {
    expect(() => createDetector('fasterrcnn_tiny_fpn', {})).toThrow(RangeError);
    expect(() => createDetector('fasterrcnn_tiny_fpn', { categories: ['a'], numClasses: 2 })).toThrow(
      '1 categories, but numClasses 2',
    );
    const unknown = (): unknown => createDetector('fasterrcnn_resnet19_fpn', { numClasses: 1 });
    const error = thrownBy(unknown);
    expect(error).toBeInstanceOf(UnknownModelError);
    expect(error).toMatchObject({ code: 'unknown-model', model: 'fasterrcnn_resnet19_fpn' });
  });
});

describe('defineModel', () => {
  const small = defineModel(fasterRcnnModel('fasterrcnn_tiny_fpn'), {
    name: 'mine',
    input,
    headFeatures: 16,
  });

  it('makes a variant with other defaults, which its detectors name', () => {
    const detector = small.build({ numClasses: 2 });
    expect([small.name, detector.definition, detector.input]).toEqual(['mine', small, input]);
    expect(detector.stateDict().get('roi_heads.box_head.fc7.weight')!.shapeOnDisk).toEqual([16, 16]);
    detector.dispose();
  });

  it('lets options win over these defaults, and variants build on variants', () => {
    const smaller = defineModel(small, { name: 'smaller', headFeatures: 8 });
    const detector = smaller.build({ numClasses: 2, headFeatures: 4 });
    expect(detector.stateDict().get('roi_heads.box_head.fc7.weight')!.shapeOnDisk).toEqual([4, 4]);
    expect([detector.definition.name, detector.input]).toEqual(['smaller', input]);
    detector.dispose();
  });

  it('takes a box head of one’s own, of which the predictor follows', () => {
    class MeanHead extends Module {
      readonly outFeatures: number;

      constructor(readonly options: BoxHeadOptions) {
        super();
        this.outFeatures = options.channels;
      }

      forward(pooled: tf.Tensor4D): tf.Tensor2D {
        return tf.mean(pooled, [1, 2]);
      }
    }
    const own = defineModel(small, { name: 'own-head', boxHead: (options) => new MeanHead(options) });
    const detector = own.build({ numClasses: 2 });
    const entries = [...detector.stateDict()].filter(([name]) => name.startsWith('roi_heads.'));
    expect(entries.map(([name, { shapeOnDisk }]) => [name, shapeOnDisk])).toEqual([
      ['roi_heads.box_predictor.cls_score.weight', [3, 64]],
      ['roi_heads.box_predictor.cls_score.bias', [3]],
      ['roi_heads.box_predictor.bbox_pred.weight', [12, 64]],
      ['roi_heads.box_predictor.bbox_pred.bias', [12]],
    ]);
    detector.dispose();
  });

  it('leaves the model alone that it is made of', () => {
    const base = fasterRcnnModel('fasterrcnn_tiny_fpn');
    expect([base.name, base.input.resize]).toEqual([
      'fasterrcnn_tiny_fpn',
      { kind: 'shorter-side', minSize: 320, maxSize: 533 },
    ]);
  });
});

// The smallest of each family and of each choice of heads, and those of SSDlite, whose tails have entries of their own.
const different = modelDefinitions.filter(
  ({ name }) => name.includes('_tiny') || name.startsWith('ssdlite320_mobilenet'),
);

describe.each(different.map((definition) => [definition.name, definition] as const))(
  'what is said of the entries of %s',
  (name, { stateDict, stages }) => {
    it('is true of its detectors', () => {
      const detector = createDetector(name, { numClasses: 6, norm: 'batch', trainableLayers: stages });
      const entries = new Map(
        [...detector.namedParameters(), ...detector.namedBuffers()].map(([entry, { shapeOnDisk }]) => [
          entry,
          { shape: shapeOnDisk },
        ]),
      );
      expect(stateDict.numClasses(entries)).toBe(6);
      const predictor = [...entries.keys()].filter((entry) => stateDict.isPredictor(entry));
      expect(predictor.length).toBeGreaterThan(0);
      for (const [entry, { shape }] of entries) {
        const size = { numRows: shape[0], numClasses: 6 };
        const ranges = Array.from({ length: 7 }, (_, label) => stateDict.rowsOfClass(entry, label, size));
        if (!predictor.includes(entry)) {
          expect(ranges.flat()).toEqual([]);
          continue;
        }
        // The rows of all labels are the whole entry, each once; all labels have as many, but for detectron2's background, which
        // has no box and no mask.
        const rows = ranges.map((ofLabel) =>
          ofLabel.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
        );
        expect(rows.flat().sort((a, b) => a - b)).toEqual([...Array(shape[0]).keys()]);
        const [background, ...objects] = rows.map(({ length }) => length);
        expect(new Set(objects).size).toBe(1);
        expect([0, objects[0]]).toContain(background);
        for (const ofLabel of rows) expect(ofLabel).toEqual([...ofLabel].sort((a, b) => a - b));
      }
      detector.dispose();
    });
  },
);

test('entries that are no detector’s have no number of classes', () => {
  const { stateDict } = modelDefinition('fasterrcnn_resnet18_fpn');
  expect(() => stateDict.numClasses(new Map([['fc.weight', { shape: [1000, 512] }]]))).toThrow(RangeError);
});
