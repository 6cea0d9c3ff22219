import path from 'node:path';
import type { Precision } from '../../../detection/nn/precision';
import type { CaseMeasurement, DetectorCase } from '../detector-case';
import { BENCHMARK_SEED } from '../detector-batch';
import { BENCHMARK_THREADS } from '../machine';
import type { Exported } from './input-files';
import { packages } from './packages';
import { peerScript } from './peer-script';
import { rivalIn } from './rival';
import type { Forms, Reported, Rival, Workplace } from './speed-case';

/** Objects that the torchvision peer's bench.py draws in a picture. */
export const PEER_BOXES = 8;

/** A detector's case for the rivals. */
export interface RivalCase extends Omit<DetectorCase, 'exported'> {
  readonly precision: Precision;
  /** The same detector as a file; of inference in one picture only. */
  readonly exported?: Exported;
}

/** Whoever can do a detector's work. */
interface DetectorRival {
  readonly name: string;
  readonly needs: readonly string[];
  readonly canDo: (detectorCase: RivalCase) => boolean;
  readonly forms: (detectorCase: RivalCase, workplace: Workplace) => Forms | Promise<Forms>;
}

const torchvision: DetectorRival = {
  name: 'torchvision',
  needs: packages.torch,
  canDo: () => true,
  forms: (detectorCase, { python, scripts }) => ({
    forms: [false, true].map((isChannelsLast) => ({
      name: isChannelsLast ? 'channels_last' : 'contiguous',
      call: {
        program: python.program,
        args: [...torchScript(detectorCase, scripts), ...torchOptions(detectorCase, isChannelsLast)],
      },
      parse: parseMeasurement,
    })),
  }),
};

/** bench.py always draws the same number of objects. */
function torchScript({ boxes }: RivalCase, scripts: string): string[] {
  if (boxes === PEER_BOXES) return [path.join(scripts, 'bench.py')];
  return [peerScript('torchvision_objects.py'), '--scripts', scripts, '--boxes', `${boxes}`];
}

function torchOptions(detectorCase: RivalCase, isChannelsLast: boolean): string[] {
  const { model, mode, size, batch, steps, precision } = detectorCase;
  const options = { model, mode, size, batch, steps, threads: BENCHMARK_THREADS, seed: BENCHMARK_SEED };
  return [
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]),
    ...(precision === 'bfloat16' ? ['--amp', 'bf16'] : []),
    ...(isChannelsLast ? ['--channels-last'] : []),
  ];
}

/** The line of our detector-case and of bench.py. */
export function parseMeasurement(line: string): Reported {
  const { median_s, peak_rss_mb, base_rss_mb, disturbed, agreement } = JSON.parse(line) as CaseMeasurement;
  return { seconds: median_s, megabytes: peak_rss_mb - base_rss_mb, disturbed, agreement };
}

/** Of an engine: its modules, and what bench_engine.py calls it. */
function engineRival(
  name: string,
  module: string,
  needs: readonly string[],
  engines: Partial<Record<Precision, string>>,
): DetectorRival {
  return {
    name,
    needs,
    canDo: ({ exported, precision }) => exported !== undefined && engines[precision] !== undefined,
    forms: async ({ exported, precision, steps }, { python, scripts, signal }) => {
      if (exported === undefined) throw new Error(`${name} runs exported detectors`);
      if ('failure' in exported) return { missing: `no exported detector: ${exported.failure}` };
      const base = await python.residentAfterImporting(['numpy', module], signal);
      const options = { engine: engines[precision], steps, threads: BENCHMARK_THREADS };
      const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, `${value}`]);
      const script = path.join(scripts, 'bench_engine.py');
      return {
        forms: [
          {
            name: 'exported',
            call: { program: python.program, args: [script, 'run', ...args, exported.onnx] },
            parse: (line) => parseEngine(line, base),
          },
        ],
      };
    },
  };
}

/** What bench_engine.py prints, as far as it is used. */
interface EngineMeasurement {
  readonly median_s: number;
  readonly peak_rss_mb: number;
  readonly disturbed: boolean | null;
  /** '98 of 100' */
  readonly 'within_0.05_px': string;
}

function parseEngine(line: string, baseMegabytes: number): Reported {
  const { median_s, peak_rss_mb, disturbed, ...rest } = JSON.parse(line) as EngineMeasurement;
  return {
    seconds: median_s,
    megabytes: peak_rss_mb - baseMegabytes,
    disturbed,
    agreement: `${rest['within_0.05_px']} within 0.05 px`,
  };
}

const rivals: readonly DetectorRival[] = [
  torchvision,
  engineRival('ONNX Runtime', 'onnxruntime', packages.onnxRuntime, { float32: 'onnxruntime' }),
  engineRival('OpenVINO', 'openvino', packages.openVino, { float32: 'openvino', bfloat16: 'openvino-bf16' }),
];

/** Those who can do a case, each with its forms or with the reason why it has none. */
export function detectorRivals(detectorCase: RivalCase, workplace: Workplace): Promise<Rival[]> {
  return Promise.all(
    rivals
      .filter(({ canDo }) => canDo(detectorCase))
      .map((rival) => rivalIn(workplace.python, rival, () => rival.forms(detectorCase, workplace))),
  );
}
