import { InputError } from '../../detection/errors';
import { isOnnxName } from '../../weights/onnx/export-detector';
import { loadOnnxDetector } from '../../weights/onnx/onnx-detector';
import type { OpenedDetector } from '../../weights/onnx/opened-detector';
import { openDetector, type GivenDetector } from './open-detector';

/**
 * `openDetector`, or, where `--weights` names an ONNX file, the detector that it is.
 *
 * @throws as `openDetector`; InputError where an ONNX file is to be changed by options, or cannot be run.
 */
export async function openPictureDetector(
  weights: string,
  given: GivenDetector,
  options: { readonly willBeSaved?: boolean } = {},
): Promise<OpenedDetector> {
  if (!isOnnxName(weights)) return openDetector(weights, given, options);
  const { model, normEpsilon, minSize, maxSize, precision } = given;
  if ([model, normEpsilon, minSize, maxSize, precision].some((option) => option !== undefined)) {
    throw new InputError(
      'options-conflict',
      `${weights}: an ONNX file is the detector as it was exported; give --model, --norm-epsilon, --min-size and --max-size to rcnn ` +
        'export, and leave out --precision',
    );
  }
  return loadOnnxDetector(weights);
}
