import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BENCHMARK_SEED } from '../detector-batch';
import { benchmarkProgram, runProgram } from '../child-process';
import { makeEvaluationFiles } from '../evaluation-files';
import type { FormulaWeightsFile } from '../formula-weights-file';
import { failureOf } from './failure';
import { packages } from './packages';
import { rcnnProgram } from './peer-script';
import type { PeerPython } from './peer-python';

/** The peer's detector as a file, with a picture and torchvision's detections in it beside it. */
export interface ExportedDetector {
  readonly onnx: string;
  /** numpy's file of [3, size, size]. */
  readonly picture: string;
  /** JSON: boxes, labels. */
  readonly expected: string;
}

/** What a peer has exported, or why it could not. */
export type Exported = ExportedDetector | { readonly failure: string };

/** Files that cases work on, in a temporary folder, made when they are asked for. The caller removes them. */
export class InputFiles {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'rcnn-benchmark-'));
  /** By name: cases share them. */
  private readonly exports = new Map<string, Promise<Exported>>();

  /** @param scripts the folder of the torchvision peer's scripts. */
  constructor(
    private readonly python: PeerPython,
    private readonly scripts: string,
    private readonly signal: AbortSignal,
  ) {}

  /** A name in the folder. */
  path(name: string): string {
    return path.join(this.folder, name);
  }

  /** A detector with the formula's weights, exported by torch. */
  exported(model: string, size: number): Promise<Exported> {
    const onnx = this.path(`${model}-${size}.onnx`);
    const exported = this.exports.get(onnx) ?? this.export(model, size, onnx);
    this.exports.set(onnx, exported);
    return exported;
  }

  private async export(model: string, size: number, onnx: string): Promise<Exported> {
    const missing = this.python.missing([...packages.torch, ...packages.onnx]);
    if (missing !== undefined) return { failure: missing };
    const options = ['--model', model, '--size', `${size}`, '--seed', `${BENCHMARK_SEED}`];
    const args = [path.join(this.scripts, 'bench_engine.py'), 'export', ...options, onnx];
    try {
      await runProgram({ program: this.python.program, args }, this.signal);
    } catch (error) {
      return { failure: failureOf(error) };
    }
    return { onnx, picture: `${onnx}.image.npy`, expected: `${onnx}.expected.json` };
  }

  /** A detector's state dict with the formula's weights, in PyTorch's format. */
  async weights(model: string): Promise<string> {
    const file = this.path(`${model}.pth`);
    const options: FormulaWeightsFile = { model, file };
    await runProgram(benchmarkProgram('formula-weights-file', options), this.signal);
    return file;
  }

  /** A detector with the formula's weights as `rcnn export` writes it: for pictures of any size. */
  async exportedByUs(model: string): Promise<string> {
    const onnx = this.path(`${model}-any-size.onnx`);
    const args = [rcnnProgram, 'export', '--model', model, '--weights', await this.weights(model), onnx];
    await runProgram({ program: process.execPath, args }, this.signal);
    return onnx;
  }

  /** Instances and detections of the size of COCO's val2017. */
  evaluation(): [instances: string, detections: string] {
    const [instances, detections] = ['instances.json', 'detections.json'].map((name) => this.path(name));
    const files = makeEvaluationFiles();
    writeFileSync(instances, files.instances);
    writeFileSync(detections, files.detections);
    return [instances, detections];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
