import { loadBackend, NativeLibraryError } from '../../detection/backend/node';
import { writingError } from '../../detection/files/content';
import { UnknownModelError, modelNames } from '../../detection/modeling/definitions';
import { InferenceOnlyError } from '../../detection/nn/inference-only-error';
import { NormNotLoadedError, SingleValueNormError } from '../../detection/nn/norm-errors';
import { rejectionOf } from '../thrown';

/** The words of this room's errors are tested here, and nowhere else. */
test.each<[Error, string]>([
  [
    new NormNotLoadedError(),
    'frozen batch normalization needs pretrained weights, and none have been loaded: load some before training, ' +
      'or create the detector with another norm',
  ],
  [
    new SingleValueNormError(),
    'batch normalization cannot be trained on a single value for each channel, which has no variance; here a map of one ' +
      'pixel comes from a batch of one image: use batches of two images or more, or another norm',
  ],
  [
    new InferenceOnlyError(),
    'this model has been prepared for inference and has its weights no more, only what detecting needs of them: to train it, ' +
      'save it or load other weights, use a model that prepareForInference has not been called on',
  ],
  [
    new NativeLibraryError('no file a.node.'),
    "TensorFlow's native library is not there: no file a.node. Run `npx rcnn setup`: it installs the library, or says " +
      'what is in the way.',
  ],
  [new UnknownModelError('yolo'), `there is no model yolo; there are ${modelNames.join(', ')}`],
  [
    writingError('a.json', new Error('EIO: i/o error, write')),
    'a.json: cannot be written: EIO: i/o error, write',
  ],
])('%s', ({ message }, expected) => {
  expect(message).toBe(expected);
});

test('another backend than there is', async () => {
  const before = process.env['FASTER_RCNN_BACKEND'];
  process.env['FASTER_RCNN_BACKEND'] = 'webgl';
  expect(await rejectionOf(loadBackend())).toMatchObject({
    code: 'backend-unknown',
    message: 'FASTER_RCNN_BACKEND is "webgl"; it may be "wasm", or not set.',
  });
  if (before === undefined) delete process.env['FASTER_RCNN_BACKEND'];
  else process.env['FASTER_RCNN_BACKEND'] = before;
});
