import * as tf from '@tensorflow/tfjs-core';
import { describeGoldenDetector } from './golden-detector';
import { buildTinyGolden } from './tiny-golden';

process.env['FASTER_RCNN_BACKEND'] = 'wasm';

describeGoldenDetector('on WebAssembly, a tiny Faster R-CNN', 'frcnn', buildTinyGolden);

afterAll(() => expect(tf.getBackend()).toBe('wasm'));
