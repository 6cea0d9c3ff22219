import type { Parameter } from '../../nn/module';
import { FasterRcnn } from '../faster-rcnn';
import type { BoxStage } from '../roi/box-stage';
import { detectron2Name } from './entry-names';

/** A Faster R-CNN, or a Cascade R-CNN, whose parameters have detectron2's names. */
export class Detectron2Rcnn<Stage extends BoxStage = BoxStage> extends FasterRcnn<Stage> {
  override *namedParameters(prefix = ''): Generator<[string, Parameter]> {
    for (const [name, parameter] of super.namedParameters()) yield [prefix + detectron2Name(name), parameter];
  }

  override *namedBuffers(prefix = ''): Generator<[string, Parameter]> {
    for (const [name, buffer] of super.namedBuffers()) yield [prefix + detectron2Name(name), buffer];
  }
}
