import { describeGoldenDetector } from './golden-detector';
import { buildTinyFcos } from './tiny-dense';

describeGoldenDetector('a tiny FCOS', 'fcos', buildTinyFcos);
