import { writeFileSync } from 'node:fs';
import { modelDefinition } from '../../../detection/modeling/definitions';
import { Graph } from '../../../detection/onnx/graph';
import { metadataOf } from '../../../weights/detectors/detector-metadata';
import { DETECTOR_METADATA } from '../../../weights/detectors/file-metadata';
import { modelProto } from '../../../weights/onnx/model-proto';
import { loadOnnxDetector } from '../../../weights/onnx/onnx-detector';
import { rejectionOf } from '../../thrown';
import { temporaryFolder } from '../formats/weight-files';

let loadingError = {};
jest.mock('onnxruntime-node', () => {
  throw Object.assign(new Error('no such thing'), loadingError);
});
const folder = temporaryFolder();

test.each([
  [{ code: 'MODULE_NOT_FOUND' }, /which is not installed; npm install onnxruntime-node$/],
  [{ code: 'ERR_DLOPEN_FAILED' }, /which cannot be loaded: no such thing; npm install onnxruntime-node$/],
])('without onnxruntime-node (%p) it is said what to install', async (error, message) => {
  loadingError = error;
  const definition = modelDefinition('fasterrcnn_tiny_fpn');
  const known = metadataOf({ definition, options: {}, categories: [{ id: 1, name: 'thing' }] });
  const metadata = { [DETECTOR_METADATA]: JSON.stringify(known) };
  writeFileSync(folder.in('a.onnx'), Buffer.concat(modelProto(new Graph(), metadata)));
  const refused = await rejectionOf(loadOnnxDetector(folder.in('a.onnx')));
  expect(refused).toMatchObject({
    code: 'onnxruntime-missing',
    message: expect.stringMatching(message) as string,
  });
});
