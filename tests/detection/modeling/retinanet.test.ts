import { describeGoldenDetector } from './golden-detector';
import { buildTinyRetinaNet } from './tiny-dense';

describeGoldenDetector('a tiny RetinaNet', 'retinanet', buildTinyRetinaNet('l1'));
describeGoldenDetector('a tiny RetinaNet of the second version', 'retinanet_v2', buildTinyRetinaNet('giou'));
